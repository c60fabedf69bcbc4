import type { ModelCall, ModelCaller } from "@agency/core";
import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { createCaptureLogger } from "../testing/capture-logger.ts";
import { gateWith } from "../testing/route-harness.ts";
import { createCallLedger } from "./call-ledger.ts";

const caller: ModelCaller = {
  taskId: "t1",
  accountId: "a",
  epoch: 1,
  demo: false,
  onUsageLimit: "next",
  strictEgress: false,
};
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

function failingGate(what: "record" | "settle" = "record") {
  const memory = createMemoryModelGate();
  const state = { down: true };
  const check = () => {
    if (state.down) throw new Error("database is away");
  };
  const gate = gateWith(memory, {
    async record(who, made) {
      if (what === "record") check();
      await memory.record(who, made);
    },
    async settle(who, reservation) {
      if (what === "settle") check();
      await memory.settle(who, reservation);
    },
  });
  return { memory, state, gate };
}

describe("createCallLedger", () => {
  it("owes what could not be recorded, and records and settles it before the task goes on", async () => {
    const { memory, state, gate } = failingGate();
    const logger = createCaptureLogger();
    const ledger = createCallLedger(gate, logger);
    await ledger.close(caller, "r1", [call("one")]);
    await ledger.close(caller, "r2", [call("two"), call("two/1")]);
    expect(logger.text()).toContain("database is away");
    expect(await ledger.clear(caller)).toBe(false);
    expect([await ledger.clear({ ...caller, taskId: "other" }), memory.settled.size]).toEqual([true, 0]);
    state.down = false;
    expect(await ledger.clear(caller)).toBe(true);
    expect(memory.calls.map((recorded) => recorded.key).toSorted()).toEqual(["one", "two", "two/1"]);
    expect([...memory.settled]).toEqual([
      ["r1", 1],
      ["r2", 1],
    ]);
    state.down = true;
    expect(await ledger.clear(caller)).toBe(true);
  });

  it("owes a settlement that failed, without recording anew", async () => {
    const { memory, state, gate } = failingGate("settle");
    const ledger = createCallLedger(gate, createCaptureLogger());
    await ledger.close(caller, "r1", [call("one")]);
    expect([memory.calls.length, await ledger.clear(caller)]).toEqual([1, false]);
    state.down = false;
    expect([await ledger.clear(caller), memory.settled.get("r1")]).toEqual([true, 1]);
  });

  it("lets no call of the task pass while another is still settling, and settles once", async () => {
    const { memory, state, gate } = failingGate();
    const ledger = createCallLedger(gate, createCaptureLogger());
    await ledger.close(caller, "r1", [call("one")]);
    state.down = false;
    const cleared = await Promise.all([ledger.clear(caller), ledger.clear(caller)]);
    expect([cleared, memory.calls.length, memory.settled.get("r1")]).toEqual([[true, true], 1, 1]);
  });
});
