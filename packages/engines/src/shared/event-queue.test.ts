import { describe, expect, it } from "vitest";
import { createEventQueue } from "./event-queue.ts";

describe("the event queue", () => {
  it("gives everything in order, also what comes while the reader waits", async () => {
    const queue = createEventQueue<number>(10);
    const read = (async () => {
      const seen: number[] = [];
      for await (const item of queue) seen.push(item);
      return seen;
    })();
    for (let item = 0; item < 5000; item += 1) {
      queue.push(item);
      if (item % 700 === 0) await queue.room();
    }
    queue.close();
    expect(await read).toEqual(Array.from({ length: 5000 }, (_, index) => index));
  });

  it("takes nothing after it was closed", async () => {
    const queue = createEventQueue<number>(10);
    queue.push(1);
    queue.close();
    queue.push(2);
    const reader = queue[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    expect(await reader.next()).toMatchObject({ done: true });
  });

  it("has room again when the reader has caught up", async () => {
    const queue = createEventQueue<number>(2);
    queue.push(1);
    await queue.room();
    queue.push(2);
    let hasRoom = false;
    const waiting = queue.room().then(() => (hasRoom = true));
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    await queue[Symbol.asyncIterator]().next();
    await waiting;
    expect(queue.size).toBe(1);
  });

  it("keeps nobody waiting once it is released", async () => {
    const queue = createEventQueue<number>(1);
    queue.push(1);
    const waiting = queue.room();
    queue.release();
    await waiting;
    await queue.room();
    expect(queue.size).toBe(1);
  });
});
