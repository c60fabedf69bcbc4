import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock, settle } from "../testing/manual-clock.ts";
import { Journal } from "./journal.ts";
import type { JournalOptions } from "./journal.ts";

const never = new AbortController().signal;
const ALL = { lines: 1000, bytes: 1024 * 1024 };

describe("the journal", () => {
  let root: string;
  let clock: ManualClock;
  let journal: Journal;
  let disk: unknown[];
  let recovered: PromiseWithResolvers<void>;
  const open = (limits: JournalOptions["limits"] = {}, folder = join(root, "journal")): Journal => {
    journal = new Journal({ folder, clock, limits, onDisk: tellDisk });
    return journal;
  };
  const tellDisk = (error: unknown): void => {
    disk.push(error);
    if (error === null) recovered.resolve();
  };
  const line = (n: number, size = 0): string => JSON.stringify({ n, pad: "x".repeat(size) });
  const numbers = (bytes: Buffer): number[] =>
    bytes
      .toString()
      .split("\n")
      .filter(Boolean)
      .map((text) => (JSON.parse(text) as { n: number }).n);
  /** Acknowledges all there is, again and again, until the writer is through. */
  async function ackUntil(writing: Promise<void>): Promise<void> {
    const done = writing.then(() => true);
    do await journal.ack(journal.last);
    while (!(await Promise.race([done, settle()])));
  }
  const readable = (n: number): Promise<void> => journal.readable(() => n, never);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "agency-journal-"));
    clock = new ManualClock();
    disk = [];
    recovered = Promise.withResolvers();
  });
  afterEach(async () => {
    await journal.close();
    await rm(root, { recursive: true, force: true });
  });

  it("gives back what was appended, in order and in parts", async () => {
    open();
    for (let n = 1; n <= 10; n += 1) void journal.append(line(n));
    await readable(10);
    const first = await journal.read(1, { lines: 4, bytes: 1024 });
    expect(numbers(first.bytes)).toEqual([1, 2, 3, 4]);
    const rest = await journal.read(5, ALL);
    expect(numbers(rest.bytes)).toEqual([5, 6, 7, 8, 9, 10]);
    expect(numbers((await journal.read(3, { lines: 2, bytes: 1024 })).bytes)).toEqual([3, 4]);
  });

  it("keeps to the size asked for, but gives one line of any length", async () => {
    open();
    void journal.append(line(1, 100));
    void journal.append(line(2, 100));
    void journal.append(line(3, 3_000_000));
    await readable(3);
    expect((await journal.read(1, { lines: 9, bytes: 300 })).count).toBe(2);
    const long = await journal.read(3, { lines: 9, bytes: 300 });
    expect(long).toMatchObject({ count: 1 });
    expect(long.bytes.length).toBeGreaterThan(3_000_000);
  });

  it("removes files once they are acknowledged and keeps the newest for a rewind", async () => {
    open({ segmentBytes: 1000, keptBytes: 2000, memoryBytes: 500 });
    for (let n = 1; n <= 100; n += 1) await journal.append(line(n, 80));
    await readable(100);
    const before = (await readdir(join(root, "journal"))).length;
    await journal.ack(100);
    const after = (await readdir(join(root, "journal"))).length;
    expect(before).toBeGreaterThan(5);
    expect(after).toBeLessThan(5);
    expect(journal.rewind(95)).toBe(true);
    expect(journal.acked).toBe(95);
    expect(numbers((await journal.read(96, ALL)).bytes)[0]).toBe(96);
    expect(journal.rewind(10)).toBe(false);
  });

  it("makes the writer wait while too much is not acknowledged", async () => {
    open({ segmentBytes: 1000, keptBytes: 0, diskBytes: 3000 });
    let appended = 0;
    const writing = (async () => {
      for (let n = 1; n <= 100; n += 1) {
        await journal.append(line(n, 80));
        appended = n;
      }
    })();
    await readable(20);
    await settle();
    expect(appended).toBeLessThan(40);
    await ackUntil(writing);
    expect(appended).toBe(100);
  });

  it("goes on from memory while the disk refuses, and writes again when it does not", async () => {
    const blocked = join(root, "blocked");
    await writeFile(blocked, "a file where a folder should be");
    open({ retryMs: 1000 }, join(blocked, "journal"));
    for (let n = 1; n <= 3; n += 1) await journal.append(line(n));
    await readable(3);
    expect(disk).toHaveLength(1);
    expect(numbers((await journal.read(1, ALL)).bytes)).toEqual([1, 2, 3]);
    await journal.ack(2);
    await rm(blocked);
    await mkdir(blocked);
    await clock.advance(1000);
    await journal.append(line(4));
    await recovered.promise;
    await readable(4);
    expect(disk).toEqual([expect.any(Error), null]);
    expect(numbers((await journal.read(3, ALL)).bytes)[0]).toBe(3);
    const files = await readdir(join(blocked, "journal"));
    expect(files.length).toBeGreaterThan(0);
  });

  it("pauses the writer when memory is full too, and lets it go on with each acknowledgement", async () => {
    const blocked = join(root, "blocked");
    await writeFile(blocked, "a file where a folder should be");
    open({ memoryBytes: 1000 }, join(blocked, "journal"));
    let appended = 0;
    const writing = (async () => {
      for (let n = 1; n <= 50; n += 1) {
        await journal.append(line(n, 80));
        appended = n;
      }
    })();
    await readable(5);
    await settle();
    expect(appended).toBeLessThan(20);
    await ackUntil(writing);
    expect(appended).toBe(50);
    expect(journal.acked).toBeGreaterThan(40);
  });

  it("forgets what an earlier life left, and keeps its files to itself", async () => {
    const folder = join(root, "journal");
    await mkdir(folder);
    await writeFile(join(folder, "000000000001.ndjson"), "old\n");
    open();
    await journal.append(line(1));
    await readable(1);
    expect(numbers((await journal.read(1, ALL)).bytes)).toEqual([1]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it("tells when everything is acknowledged", async () => {
    open();
    await journal.append(line(1));
    await readable(1);
    let drained = false;
    const waiting = journal.drained(never).then(() => (drained = true));
    await settle();
    expect(drained).toBe(false);
    await journal.ack(1);
    await waiting;
  });
});
