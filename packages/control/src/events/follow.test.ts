import { beforeEach, describe, expect, it } from "vitest";
import { createMemoryBus } from "../testing/memory-bus.ts";
import type { MemoryBus } from "../testing/memory-bus.ts";
import { MemoryEvents } from "../testing/memory-events.ts";
import { createEventFollower } from "./follow.ts";
import type { EventFollower, FollowItem } from "./follow.ts";

let bus: MemoryBus;
let store: MemoryEvents;
let follower: EventFollower;

beforeEach(() => {
  bus = createMemoryBus();
  store = new MemoryEvents(bus);
  follower = createEventFollower({ events: store, bus });
});

function open(after = 0, signal = new AbortController().signal): AsyncGenerator<FollowItem> {
  return follower.follow({ taskId: "task", after, signal });
}

async function seqsUntil(reader: AsyncGenerator<FollowItem>, count: number): Promise<number[]> {
  const seqs: number[] = [];
  while (seqs.length < count) {
    const { value, done } = await reader.next();
    if (done) break;
    if (value.kind === "events") seqs.push(...value.events.map((event) => event.seq));
  }
  return seqs;
}

const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);

describe("following a log", () => {
  it("gives what was there and then what comes, without a gap or a double", async () => {
    store.write(3);
    const reader = open();
    expect(await seqsUntil(reader, 3)).toEqual([1, 2, 3]);
    store.write(2);
    expect(await seqsUntil(reader, 2)).toEqual([4, 5]);
  });

  it("starts after the number it is given", async () => {
    store.write(5);
    expect(await seqsUntil(open(3), 2)).toEqual([4, 5]);
  });

  it("reads no more than some megabytes at a time, however small the events before were", async () => {
    store.write(700);
    store.write(200, "x".repeat(64 * 1024));
    store.finish();
    const pages: number[] = [];
    const seqs: number[] = [];
    for await (const item of open()) {
      if (item.kind !== "events") continue;
      seqs.push(...item.events.map(({ seq }) => seq));
      pages.push(JSON.stringify(item.events).length);
    }
    expect(seqs).toEqual(upTo(901));
    expect(Math.max(...pages)).toBeLessThan(2.2 * 1024 * 1024);
  });

  it("ends with the terminal event", async () => {
    store.write(1);
    store.finish();
    const items: string[] = [];
    for await (const item of open()) items.push(item.kind);
    expect(items).toEqual(["events", "end"]);
  });

  it("sees an event that was written while it was still reading the past", async () => {
    store.write(2);
    const reader = open();
    const seen = seqsUntil(reader, 3);
    store.write(1);
    expect(await seen).toEqual([1, 2, 3]);
  });

  it("finds what was written while the wake-ups were down, at the resync", async () => {
    store.write(1);
    const reader = open();
    await seqsUntil(reader, 1);
    const next = seqsUntil(reader, 2);
    store.writeQuietly(2);
    bus.resync();
    expect(await next).toEqual([2, 3]);
  });

  it("goes back to the database instead of buffering for a reader that does not read", async () => {
    store.write(1);
    const slow = open();
    await seqsUntil(slow, 1);
    const quick = open();
    await seqsUntil(quick, 1);
    for (let i = 0; i < 30; i += 1) {
      const seen = seqsUntil(quick, 100);
      store.write(100);
      await seen;
    }
    expect(await seqsUntil(slow, 3000)).toEqual(upTo(3001, 2));
  });

  it("asks the database once per wake-up, however many are watching", async () => {
    store.write(1);
    const readers = Array.from({ length: 50 }, () => open());
    await Promise.all(readers.map((reader) => seqsUntil(reader, 1)));
    const waiting = readers.map((reader) => seqsUntil(reader, 1));
    await Promise.resolve();
    const before = store.reads;
    store.write(1);
    await Promise.all(waiting);
    expect(store.reads - before).toBeLessThan(5);
  });

  it("says reset when the number asked for is no longer kept", async () => {
    store.write(10);
    store.purgeBelow(6);
    const reader = open(2);
    expect((await reader.next()).value).toEqual({ kind: "reset", firstSeq: 6 });
    expect(await seqsUntil(reader, 5)).toEqual([6, 7, 8, 9, 10]);
  });

  it("passes on only the types asked for, and still ends", async () => {
    store.write(2);
    store.finish();
    const kinds: unknown[] = [];
    const signal = new AbortController().signal;
    for await (const item of follower.follow({ taskId: "task", after: 0, signal, types: ["status"] })) {
      kinds.push(item.kind === "events" ? item.events.map((event) => event.type) : item.kind);
    }
    expect(kinds).toEqual([["status"], "end"]);
  });

  it("stops at once when its reader goes away", async () => {
    store.write(1);
    const gone = new AbortController();
    const reader = open(0, gone.signal);
    await seqsUntil(reader, 1);
    const next = reader.next();
    gone.abort();
    expect(await next).toEqual({ value: undefined, done: true });
  });

  it("tells its reader when the database goes away", async () => {
    store.write(1);
    const reader = open();
    await seqsUntil(reader, 1);
    const next = reader.next();
    store.broken = true;
    bus.resync();
    await expect(next).rejects.toThrow("the database is away");
  });

  it("ends at once for a reader that has seen the last event before", async () => {
    store.write(2);
    store.finish();
    expect(await open(3).next()).toEqual({ value: { kind: "end" }, done: false });
    expect(await open(99).next()).toEqual({ value: { kind: "end" }, done: false });
  });

  it("resets, then ends, when nothing of a log is kept", async () => {
    store.write(2);
    store.finish();
    store.purgeBelow(4);
    const items: unknown[] = [];
    for await (const item of open()) items.push(item);
    expect(items).toEqual([{ kind: "reset", firstSeq: 4 }, { kind: "end" }]);
  });

  it("goes on after the database was away for a moment", async () => {
    store.write(1);
    const reader = open();
    await seqsUntil(reader, 1);
    const next = seqsUntil(reader, 2);
    store.failNextRead();
    store.write(1);
    const more = next.then((seqs) => seqs);
    await store.quiet();
    store.write(1);
    expect(await more).toEqual([2, 3]);
  });

  it("does not spin when one reader leaves and the next one comes in the middle of a read", async () => {
    store.write(1);
    const gone = new AbortController();
    const first = open(0, gone.signal);
    await seqsUntil(first, 1);
    const over = first.next();
    const release = store.holdReads();
    store.write(1);
    gone.abort();
    const second = open();
    const seen = seqsUntil(second, 2);
    release();
    await over;
    expect(await seen).toEqual([1, 2]);
    await store.quiet();
    const before = store.reads;
    await store.quiet();
    expect(store.reads).toBe(before);
  });
});
