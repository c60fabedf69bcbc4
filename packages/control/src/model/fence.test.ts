import type { Clock, SupervisedTask } from "@agency/core";
import { describe, expect, it } from "vitest";
import { createMemoryBus } from "../testing/memory-bus.ts";
import { createFence } from "./fence.ts";

const caller = { taskId: "t", accountId: "a", epoch: 1 };

function setUp() {
  const bus = createMemoryBus();
  const snapshot = { epoch: 1, state: "running" };
  let loads = 0;
  let away = false;
  const sleepers = new Set<() => void>();
  const clock: Clock = {
    now: () => 0,
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          sleepers.delete(wake);
          resolve();
        };
        sleepers.add(wake);
        signal?.addEventListener("abort", wake);
      }),
  };
  const tasks = {
    load: async () => {
      loads += 1;
      if (away) throw new Error("the database is away");
      return { snapshot: { ...snapshot } } as unknown as SupervisedTask;
    },
  };
  return {
    fence: createFence({ tasks, bus, clock }),
    snapshot,
    wake: () => bus.publish("ctl", "t"),
    tick: () => sleepers.forEach((wake) => wake()),
    setAway: (is: boolean) => (away = is),
    sleepers,
    loads: () => loads,
    /** Until everybody who can go on has gone on. */
    async quiet() {
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    },
  };
}

describe("a fence", () => {
  it.each([{ epoch: 2 }, { state: "finishing" }, { state: "cancelled" }])(
    "cuts every stream within one wake-up: %j",
    async (now) => {
      const { fence, snapshot, wake, quiet } = setUp();
      const watches = [fence.watch(caller), fence.watch(caller)];
      await quiet();
      expect(watches.map(({ signal }) => signal.aborted)).toEqual([false, false]);
      Object.assign(snapshot, now);
      wake();
      await quiet();
      expect(watches.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    },
  );

  it("looks by itself when a wake-up got lost, and cuts nothing while the database is away", async () => {
    const { fence, snapshot, tick, quiet, setAway } = setUp();
    const { signal } = fence.watch(caller);
    await quiet();
    snapshot.epoch = 2;
    setAway(true);
    tick();
    await quiet();
    expect(signal.aborted).toBe(false);
    setAway(false);
    tick();
    await quiet();
    expect(signal.aborted).toBe(true);
  });

  it("cuts at once what begins after the end", async () => {
    const { fence, snapshot, quiet } = setUp();
    snapshot.epoch = 2;
    const first = fence.watch(caller);
    await quiet();
    expect(first.signal.aborted).toBe(true);
    const second = fence.watch(caller);
    await quiet();
    expect(second.signal.aborted).toBe(true);
  });

  it("serves all streams of an attempt with one watch, until the last is released", async () => {
    const { fence, snapshot, wake, quiet, loads, sleepers } = setUp();
    const watches = Array.from({ length: 20 }, () => fence.watch(caller));
    await quiet();
    expect(loads()).toBe(1);
    const [first, ...others] = watches;
    for (const watch of others) {
      watch.release();
      watch.release();
    }
    expect(sleepers.size).toBe(1);
    first?.release();
    await quiet();
    expect(sleepers.size).toBe(0);
    snapshot.epoch = 2;
    wake();
    await quiet();
    expect(loads()).toBe(1);
    expect(first?.signal.aborted).toBe(false);
  });

  it("watches anew for a stream that begins as the last one ends", async () => {
    const { fence, snapshot, wake, quiet } = setUp();
    fence.watch(caller).release();
    const { signal } = fence.watch(caller);
    await quiet();
    snapshot.state = "failed";
    wake();
    await quiet();
    expect(signal.aborted).toBe(true);
  });
});
