import { beforeEach, describe, expect, it } from "vitest";
import { createMemoryBus } from "../testing/memory-bus.ts";
import { MemoryEvents } from "../testing/memory-events.ts";
import { createTail } from "./tail.ts";
import type { Tail } from "./tail.ts";
import { createWakeups } from "./wakeups.ts";

const WIDE = "x".repeat(64 * 1024);
let events: MemoryEvents;
let tail: Tail;

beforeEach(() => {
  const bus = createMemoryBus();
  events = new MemoryEvents(bus);
  const wakeup = createWakeups(bus, "ev").listen("task");
  tail = createTail({ events, taskId: "task", wakeup, onEnd: () => undefined });
});

async function written(times: number, each: number, text?: string): Promise<void> {
  for (let at = 0; at < times; at += 1) {
    events.write(each, text);
    await events.quiet();
  }
}

async function opened() {
  const reader = tail.subscribe();
  await reader.ready;
  return reader;
}

describe("what waits for a reader that does not come", () => {
  it("is two megabytes, however few events that are, and then it is sent back to the database", async () => {
    const reader = await opened();
    await written(2, 15, WIDE);
    expect(await reader.next()).toHaveLength(30);
    await written(3, 15, WIDE);
    expect(await reader.next()).toBe("behind");
  });

  it("is a thousand events, however small they are", async () => {
    const reader = await opened();
    await written(10, 100);
    expect(await reader.next()).toHaveLength(1_000);
    await written(11, 100);
    expect(await reader.next()).toBe("behind");
  });

  it("is two megabytes of a log that was of small events, also for one that has taken everything", async () => {
    const reader = await opened();
    await written(2, 100);
    await reader.next();
    events.write(200, WIDE);
    const batch = await reader.next();
    if (typeof batch === "string") throw new Error(batch);
    expect(batch.length).toBeLessThanOrEqual(32);
  });

  it("is not counted against one that has taken it", async () => {
    const reader = await opened();
    for (let at = 0; at < 5; at += 1) {
      await written(1, 30, WIDE);
      const batch = await reader.next();
      expect(batch).not.toBe("behind");
    }
  });
});
