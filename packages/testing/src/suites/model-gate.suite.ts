import type { ModelCall, ModelCaller, ModelGate } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

export interface ModelGateUnderTest {
  gate: ModelGate;
  /** The placeholder for Anthropic of a running attempt of a new task, whose budget is one dollar. */
  issue(): Promise<string>;
  /** A newer attempt takes over from the holder. */
  fence(placeholder: string): Promise<void>;
  spentUsd(taskId: string): Promise<number>;
  close(): Promise<void>;
}

const request = { vendor: "anthropic", model: "claude-sonnet-4-5", maxTokens: 1000, inputBytes: 4000 };
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
      const caller = await gate.authorize("anthropic", placeholder);
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
      for (const key of near) expect(await gate.authorize("anthropic", key)).toEqual({ refused: "unknown" });
    });

    it("knows a placeholder at its own vendor only", async () => {
      const placeholder = await opened.issue();
      for (const vendor of ["openai", "", "Anthropic", "constructor"])
        expect(await gate.authorize(vendor, placeholder)).toEqual({ refused: "unknown" });
    });

    it("refuses the placeholder of an attempt that was taken over", async () => {
      const placeholder = await opened.issue();
      await opened.fence(placeholder);
      expect(await gate.authorize("anthropic", placeholder)).toEqual({ refused: "fenced" });
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
      const first = await gate.admit(caller, request);
      expect(first).toEqual({ ok: true, reservation: expect.any(String) });
      await gate.record(caller, call("msg_1", { usage: { ...usage, output: 100_000 } }));
      if (first.ok) await gate.settle(caller, first.reservation);
      const admission = await gate.admit(caller, request);
      expect(admission).toMatchObject({ ok: false, message: expect.stringContaining("budget") });
      if (admission.ok) return;
      if ("hold" in admission) expect(admission).toMatchObject({ hold: "budget" });
      else expect(admission.status).toBeGreaterThanOrEqual(400);
    });

    it("lets no calls made at once pass the budget by more than one of them", async () => {
      const caller = await holder(await opened.issue());
      const dear = { ...request, maxTokens: 20_000 };
      const admissions = await Promise.all(Array.from({ length: 20 }, () => gate.admit(caller, dear)));
      const admitted = admissions.flatMap((one) => (one.ok ? [one.reservation] : []));
      // A third of a dollar each, at the most: the fourth may pass the dollar, the fifth may not begin.
      expect(admitted.length).toBeGreaterThanOrEqual(3);
      expect(admitted.length).toBeLessThanOrEqual(4);
      expect(new Set(admitted).size).toBe(admitted.length);
      const held = admissions.filter((one) => !one.ok);
      for (const one of held) expect(one).toMatchObject({ hold: "busy", retryMs: expect.any(Number) });
    });

    it("sets free what a call did not use once it is settled, however often that is said", async () => {
      const caller = await holder(await opened.issue());
      for (let round = 0; round < 12; round += 1) {
        const admission = await gate.admit(caller, { ...request, maxTokens: 20_000 });
        if (!admission.ok) throw new Error(`round ${round}: ${admission.message}`);
        await gate.record(caller, call(`msg_${round}`));
        await gate.settle(caller, admission.reservation);
        await gate.settle(caller, admission.reservation);
      }
      expect(await opened.spentUsd(caller.taskId)).toBeCloseTo(12 * 0.020304, 6);
    });
  });
}
