import { Writable } from "node:stream";
import type { EventBody } from "@agency/contract";
import { createEventFollower } from "@agency/control";
import type { FollowItem } from "@agency/control";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEventStreams } from "./sse.ts";
import type { EventStreams } from "./sse.ts";
import { createManualClock } from "./testing/manual-clock.ts";
import type { ManualClock } from "./testing/manual-clock.ts";
import { MemoryLog } from "./testing/memory-log.ts";
import { createSilentLogger } from "./testing/silent-logger.ts";

const TASK = "task";
const said = (text: string): EventBody => ({ type: "log", data: { stream: "stdout", text } });
const ended: EventBody = { type: "status", data: { state: "completed" } };

/** A client that takes what it is sent, or, told to pause, nothing. */
class Client extends Writable {
  received = "";
  #paused: (() => void) | null = null;
  #pausing = false;

  constructor() {
    super({ highWaterMark: 1024 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.received += chunk.toString();
    if (this.#pausing) this.#paused = done;
    else done();
    this.emit("received");
  }

  pause(): void {
    this.#pausing = true;
  }

  resume(): void {
    this.#pausing = false;
    this.#paused?.();
    this.#paused = null;
  }

  async until(text: string): Promise<void> {
    while (!this.received.includes(text)) await new Promise((resolve) => this.once("received", resolve));
  }

  get ids(): number[] {
    return [...this.received.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
  }
}

let clock: ManualClock;
let log: MemoryLog;
let stopping: AbortController;
let logger: ReturnType<typeof createSilentLogger>;
let streams: EventStreams;
let follower: ReturnType<typeof createEventFollower>;

beforeEach(() => {
  clock = createManualClock();
  log = new MemoryLog();
  stopping = new AbortController();
  logger = createSilentLogger();
  streams = createEventStreams({ clock, logger, stopping: stopping.signal });
  follower = createEventFollower({ events: log, bus: log });
});

afterEach(() => stopping.abort());

function connect(after = 0): { client: Client; over: Promise<void> } {
  const client = new Client();
  const over = streams.serve(client, (signal) => follower.follow({ taskId: TASK, after, signal }));
  return { client, over };
}

describe("an event stream", () => {
  it("sends the past, then the present, then says that this was the end, and closes", async () => {
    log.write(TASK, said("one"));
    const { client, over } = connect();
    await client.until("one");
    log.write(TASK, said("two"), ended);
    await over;
    const event = (seq: number, body: EventBody) =>
      `id: ${seq}\nevent: ${body.type}\ndata: ${JSON.stringify({ seq, at: "2026-03-01T12:00:00.000Z", epoch: 1, ...body })}\n\n`;
    expect(client.received).toBe(
      `retry: 1000\n\n${event(1, said("one"))}${event(2, said("two"))}${event(3, ended)}event: end\ndata: {}\n\n`,
    );
    expect(client.writableEnded).toBe(true);
  });

  it("goes on after the number it is given", async () => {
    log.write(TASK, said("one"), said("two"), ended);
    const { client, over } = connect(2);
    await over;
    expect(client.ids).toEqual([3]);
  });

  it("says reset, without an id, when older events are gone", async () => {
    log.write(TASK, said("one"), said("two"), said("three"), ended);
    log.purgeBelow(TASK, 3);
    const { client, over } = connect(1);
    await over;
    expect(client.received).toContain('\n\nevent: reset\ndata: {"firstSeq":3}\n\nid: 3\n');
    expect(client.ids).toEqual([3, 4]);
  });

  it("beats every 15 s while nothing happens, and only then", async () => {
    log.write(TASK, said("one"));
    const { client } = connect();
    await client.until("one");
    await clock.advance(14_999);
    expect(client.received).not.toContain(": heartbeat");
    await clock.advance(1);
    expect(client.received.match(/^: heartbeat$/gm)).toHaveLength(1);
    await clock.advance(14_000);
    log.write(TASK, said("two"));
    await client.until("two");
    await clock.advance(10_000);
    expect(client.received.match(/^: heartbeat$/gm)).toHaveLength(1);
  });

  it("holds little for a client that does not read, and closes it after 30 s", async () => {
    const { client, over } = connect();
    await client.until("retry");
    client.pause();
    log.write(TASK, ...Array.from({ length: 400 }, (_, i) => said(`${i} ${"x".repeat(4_000)}`)));
    await client.until("id: 1\n");
    expect(client.writableLength).toBeLessThan(200_000);
    await clock.advance(29_000);
    expect(client.destroyed).toBe(false);
    await clock.advance(6_000);
    expect(client.destroyed).toBe(true);
    await over;
  });

  it("does not close a slow client that keeps reading, and skips nothing for it", async () => {
    const { client, over } = connect();
    await client.until("retry");
    client.pause();
    log.write(TASK, ...Array.from({ length: 1_500 }, (_, i) => said(`${i} ${"x".repeat(400)}`)), ended);
    for (let turns = 0; turns < 20 && !client.writableEnded; turns += 1) {
      await clock.advance(20_000);
      const taken = new Promise((resolve) => client.once("received", resolve));
      client.resume();
      client.pause();
      await Promise.race([taken, over]);
    }
    client.resume();
    await over;
    expect(client.ids).toEqual(Array.from({ length: 1_501 }, (_, i) => i + 1));
  });

  it("brings a frame of 3 MB whole to a client that reads, and holds little of it for one that does not", async () => {
    const frame = `event: snapshot\ndata: ${"x😀".repeat(1_000_000)}\n\n`;
    async function* follow(): AsyncGenerator<string> {
      yield frame;
    }
    const reading = new Client();
    await streams.serve(reading, follow);
    expect(reading.received === `retry: 1000\n\n${frame}`).toBe(true);
    const stalled = new Client();
    const over = streams.serve(stalled, follow);
    stalled.pause();
    await stalled.until("retry");
    expect(stalled.writableLength).toBeLessThan(300_000);
    await clock.advance(35_000);
    await over;
    expect(stalled.destroyed).toBe(true);
  });

  it("stops following the moment its client goes away", async () => {
    let left = false;
    async function* follow(signal: AbortSignal): AsyncGenerator<FollowItem> {
      yield { kind: "events", events: [] };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      left = true;
    }
    const client = new Client();
    const over = streams.serve(client, follow);
    await client.until("retry");
    client.destroy(new Error("connection reset"));
    await over;
    expect(left).toBe(true);
  });

  it("breaks off when the log cannot be read, so that the client comes back", async () => {
    log.write(TASK, said("one"));
    const { client, over } = connect();
    await client.until("one");
    log.broken = true;
    log.wakeUp("*");
    await over;
    expect(client.writableEnded).toBe(true);
    expect(client.received).not.toContain("event: end");
    expect(logger.lines.map((line) => line.level)).toEqual(["warn"]);
  });

  it("ends with the server, whether its client reads or not", async () => {
    const reading = connect();
    const paused = connect();
    await Promise.all([reading.client.until("retry"), paused.client.until("retry")]);
    paused.client.pause();
    log.write(TASK, ...Array.from({ length: 100 }, () => said("x".repeat(4_000))));
    await paused.client.until("id: 1\n");
    stopping.abort();
    await Promise.all([reading.over, paused.over]);
    expect(reading.client.writableEnded).toBe(true);
    const late = connect();
    await late.over;
    expect(late.client.writableEnded).toBe(true);
  });
});
