import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock, settle } from "../testing/manual-clock.ts";
import { Journal } from "./journal.ts";
import { createRecorder } from "./recorder.ts";
import type { Recorder } from "./recorder.ts";

const MiB = 1024 * 1024;

describe("the recorder", () => {
  let folder: string;
  let clock: ManualClock;
  let journal: Journal;
  let hurry: AbortController;
  let full: number;
  let limits: { outputBytes: number; eventsPerSecond: number };
  let recorder: Recorder;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "agency-recorder-"));
    clock = new ManualClock();
    journal = new Journal({ folder, clock, onDisk: () => undefined });
    hurry = new AbortController();
    full = 0;
    limits = { outputBytes: MiB, eventsPerSecond: 10 };
    recorder = createRecorder({
      journal,
      clock,
      at: () => "2030-01-01T00:00:00.000Z",
      secrets: [],
      limits: () => limits,
      hurry: hurry.signal,
      onFull: () => (full += 1),
    });
  });
  afterEach(async () => {
    await journal.close();
    await rm(folder, { recursive: true, force: true });
  });
  const say = (text = "x"): Promise<void> =>
    recorder.record({ type: "text", data: { messageId: "m", text } });
  async function lines(): Promise<{ type: string; data: Record<string, unknown> }[]> {
    await journal.readable(() => journal.last, new AbortController().signal);
    const block = await journal.read(1, { lines: 10_000, bytes: 100 * MiB });
    return block.bytes
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; data: Record<string, unknown> });
  }

  it("lets a burst of ten seconds through at once, then slows the flood down without losing any", async () => {
    for (let n = 0; n < 100; n += 1) await say();
    expect(recorder.hasRoom).toBe(true);
    let done = false;
    const flood = Promise.all(Array.from({ length: 30 }, () => say())).then(() => (done = true));
    expect(journal.last).toBe(130);
    expect(recorder.hasRoom).toBe(false);
    await settle();
    await clock.advance(2700);
    expect(done).toBe(false);
    await clock.advance(300);
    await flood;
    expect(recorder.hasRoom).toBe(true);
  });

  it("follows a new rate at once", async () => {
    limits = { ...limits, eventsPerSecond: 1000 };
    for (let n = 0; n < 150; n += 1) await say();
    await clock.advance(10_000);
    for (let n = 0; n < 5000; n += 1) await say();
    expect(recorder.hasRoom).toBe(true);
  });

  it("makes nobody wait once the run is being ended", async () => {
    const waiting = Promise.all(Array.from({ length: 200 }, () => say()));
    hurry.abort();
    await waiting;
    expect(recorder.hasRoom).toBe(true);
    await say();
  });

  it("stops the run at its output limit: the agent's last event is a notice", async () => {
    limits = { ...limits, eventsPerSecond: 100_000 };
    const text = "x".repeat(10_000);
    for (let n = 0; n < 200; n += 1) await say(text);
    await recorder.record({ type: "phase", data: { name: "delivery", status: "started" } });
    expect(full).toBe(1);
    const written = await lines();
    expect(written.at(-2)).toMatchObject({
      type: "notice",
      data: { text: expect.stringContaining("1048576") },
    });
    expect(written.at(-1)).toMatchObject({ type: "phase" });
    expect(written.filter(({ type }) => type === "text")).toHaveLength(104);
    expect(journal.last).toBe(106);
  });

  it("lets more be written when the limit was raised in time", async () => {
    limits = { outputBytes: 2 * MiB, eventsPerSecond: 100_000 };
    for (let n = 0; n < 200; n += 1) await say("x".repeat(10_000));
    expect(full).toBe(0);
  });
});
