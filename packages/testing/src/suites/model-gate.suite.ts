import type { ModelCall, ModelCaller, ModelGate } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

export interface ModelGateUnderTest {
  gate: ModelGate;
  /** The placeholder of a running attempt of a new task, whose budget is one dollar. */
  issue(): Promise<string>;
  /** A newer attempt takes over from the holder. */
  fence(placeholder: string): Promise<void>;
  spentUsd(taskId: string): Promise<number>;
  close(): Promise<void>;
}

const request = { vendor: "anthropic", model: "claude-sonnet-4-5", maxTokens: 1000 };
/** 0.020304 dollars. */
const usage = { input: 3003, output: 303, cacheRead: 15_000, cacheWrite: 600 };

function call(key: string, more: Partial<ModelCall> = {}): ModelCall {
  const { vendor, model } = request;
  return { key, vendor, model, usage, status: 200, durationMs: 5, partial: false, ...more };
}

/** What every ModelGate promises the broker. */
export function modelGateSuite(name: string, open: () => Promise<ModelGateUnderTest>): void {
  describe(`${name} as a ModelGate`, () => {
    let opened: ModelGateUnderTest;
    let gate: ModelGate;

    beforeEach(async () => {
      opened = await open();
      gate = opened.gate;
    });
    afterEach(() => opened.close());

    async function holder(placeholder: string): Promise<ModelCaller> {
      const caller = await gate.authorize(placeholder);
      if ("refused" in caller) throw new Error(`refused: ${caller.refused}`);
      return caller;
    }

    it("tells the holders of two placeholders apart", async () => {
      const [one, other] = [await holder(await opened.issue()), await holder(await opened.issue())];
      expect(one.taskId).not.toBe(other.taskId);
      expect(one.epoch).toBeGreaterThan(0);
    });

    it("knows a placeholder on exact match only", async () => {
      const placeholder = await opened.issue();
      const swapped = placeholder.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
      const near = [
        "",
        " ",
        swapped,
        placeholder.slice(0, -1),
        `${placeholder}0`,
        `${placeholder} `,
        placeholder.toUpperCase(),
        "sk-ant-api03-real",
        "\0",
        "'; --",
      ];
      for (const key of near) expect(await gate.authorize(key)).toEqual({ refused: "unknown" });
    });

    it("refuses the placeholder of an attempt that was taken over", async () => {
      const placeholder = await opened.issue();
      await opened.fence(placeholder);
      expect(await gate.authorize(placeholder)).toEqual({ refused: "fenced" });
    });

    it("counts a key once, however often and however simultaneously it is recorded", async () => {
      const caller = await holder(await opened.issue());
      await Promise.all(Array.from({ length: 10 }, () => gate.record(caller, call("msg_1"))));
      await gate.record(caller, call("msg_1"));
      expect(await opened.spentUsd(caller.taskId)).toBeCloseTo(0.020304, 9);
    });

    it("adds up different calls, partial and failed ones too, task by task", async () => {
      const [one, other] = [await holder(await opened.issue()), await holder(await opened.issue())];
      const nothing = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
      await gate.record(one, call("msg_1"));
      await gate.record(one, call("msg_2", { partial: true }));
      await gate.record(one, call("call_3", { usage: nothing, status: 529 }));
      await gate.record(other, call("msg_4"));
      expect(await opened.spentUsd(one.taskId)).toBeCloseTo(0.040608, 9);
      expect(await opened.spentUsd(other.taskId)).toBeCloseTo(0.020304, 9);
    });

    it("charges what a call cost although its attempt was taken over meanwhile", async () => {
      const placeholder = await opened.issue();
      const caller = await holder(placeholder);
      await opened.fence(placeholder);
      await gate.record(caller, call("msg_late"));
      expect(await opened.spentUsd(caller.taskId)).toBeCloseTo(0.020304, 9);
    });

    it("admits calls until the budget is spent, and then none, with a reason", async () => {
      const caller = await holder(await opened.issue());
      expect(await gate.admit(caller, request)).toEqual({ ok: true });
      await gate.record(caller, call("msg_1", { usage: { ...usage, output: 100_000 } }));
      const admission = await gate.admit(caller, request);
      expect(admission).toMatchObject({ ok: false, type: expect.stringMatching(/_error$/) });
      if (admission.ok) return;
      expect(admission.status).toBeGreaterThanOrEqual(400);
      expect(admission.message).toContain("budget");
    });
  });
}
