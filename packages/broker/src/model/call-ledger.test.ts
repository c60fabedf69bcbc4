import type { ModelCall, ModelCaller } from "@agency/core";
import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { createCaptureLogger } from "../testing/capture-logger.ts";
import { gateWith } from "../testing/route-harness.ts";
import { createCallLedger } from "./call-ledger.ts";

const caller: ModelCaller = { taskId: "t1", accountId: "a", epoch: 1, demo: false };
const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 };
const call = (key: string): ModelCall => ({
  key,
  vendor: "v",
  model: "m",
  usage,
  status: 200,
  durationMs: 1,
  partial: false,
});

function failingGate() {
  const memory = createMemoryModelGate();
  const state = { down: true };
  const gate = gateWith(memory, {
    async record(who, what) {
      if (state.down) throw new Error("database is away");
      await memory.record(who, what);
    },
  });
  return { memory, state, gate };
}

describe("createCallLedger", () => {
  it("owes what could not be recorded, and records it before the task goes on", async () => {
    const { memory, state, gate } = failingGate();
    const logger = createCaptureLogger();
    const ledger = createCallLedger(gate, logger);
    await ledger.record(caller, call("one"));
    await ledger.record(caller, call("two"));
    expect(logger.text()).toContain("database is away");
    expect(await ledger.settle(caller)).toBe(false);
    expect(await ledger.settle({ ...caller, taskId: "other" })).toBe(true);
    state.down = false;
    expect(await ledger.settle(caller)).toBe(true);
    expect(memory.calls.map((recorded) => recorded.key).toSorted()).toEqual(["one", "two"]);
    state.down = true;
    expect(await ledger.settle(caller)).toBe(true);
  });

  it("lets no call of the task pass while another is still settling", async () => {
    const { memory, state, gate } = failingGate();
    const ledger = createCallLedger(gate, createCaptureLogger());
    await ledger.record(caller, call("one"));
    state.down = false;
    const settled = await Promise.all([ledger.settle(caller), ledger.settle(caller)]);
    expect([settled, memory.calls.length]).toEqual([[true, true], 1]);
  });
});
