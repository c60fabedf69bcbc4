import { mkdir, rm } from "node:fs/promises";
import { lastOf, offsetOf, openSegment, readLines, removeSegment, writeLines } from "./segment.ts";
import type { Segment } from "./segment.ts";
import { BlockBuffer } from "./block-buffer.ts";
import type { LineBlock, ReadLimits } from "./pending-lines.ts";

interface Mark {
  readonly number: number;
  readonly segment: Segment;
  readonly offset: number;
}

export interface SegmentLimits {
  /** A file is closed at this size. */
  readonly segmentBytes: number;
  /** This much of what is acknowledged is kept, for a control plane that turns out to hold less. */
  readonly keptBytes: number;
}

/** The part of the journal that is on disk: a row of files, the oldest removed some time after its acknowledgement. */
export class SegmentStore {
  readonly #folder: string;
  readonly #limits: SegmentLimits;
  readonly #segments: Segment[] = [];
  #writing: Segment | null = null;
  readonly #buffer = new BlockBuffer();
  /** Where the last block read begins and ends: the next read is one of both, a repetition or what follows. */
  #marks: Mark[] = [];

  constructor(folder: string, limits: SegmentLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Removes what an earlier life of this sandbox left: its attempt is over. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async write(first: number, block: LineBlock): Promise<void> {
    const segment = await this.#segmentFor(first);
    this.#writing = segment;
    try {
      await writeLines(segment, block);
    } finally {
      this.#writing = null;
    }
  }

  async #segmentFor(first: number): Promise<Segment> {
    const active = this.#segments.at(-1);
    if (active && active.bytes < this.#limits.segmentBytes && lastOf(active) === first - 1) return active;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const segment = await openSegment(this.#folder, first);
    this.#segments.push(segment);
    return segment;
  }

  async read(number: number, most: ReadLimits): Promise<LineBlock> {
    const segment = this.#segments.find((one) => one.first <= number && number <= lastOf(one));
    if (!segment) throw new Error(`The journal in ${this.#folder} holds no line ${number}.`);
    const mark = this.#marks.find((one) => one.number === number && one.segment === segment);
    const offset = mark?.offset ?? (await offsetOf(segment, number, this.#buffer));
    const block = await readLines(segment, offset, most, this.#buffer);
    const end = { number: number + block.count, segment, offset: offset + block.bytes.length };
    this.#marks = [{ number, segment, offset }, end];
    return block;
  }

  /** The first line from which on nothing is missing up to `last`; null when `last` itself is not here. */
  oldest(last: number): number | null {
    let oldest: number | null = null;
    let next = last;
    for (const segment of this.#segments.toReversed()) {
      if (segment.count === 0) continue;
      if (lastOf(segment) !== next) break;
      oldest = segment.first;
      next = oldest - 1;
    }
    return oldest;
  }

  /** Removes what is acknowledged and not worth keeping; `all`: every byte the disk can get back. */
  async drop(acked: number, all: boolean): Promise<void> {
    for (
      let oldest = this.#segments[0];
      oldest && this.#isSpent(oldest, acked, all);
      oldest = this.#segments[0]
    ) {
      this.#segments.shift();

      await removeSegment(oldest);
    }
  }

  #isSpent(segment: Segment, acked: number, all: boolean): boolean {
    if (segment === this.#writing || lastOf(segment) > acked) return false;
    return all || this.bytes - segment.bytes >= this.#limits.keptBytes;
  }

  async sync(): Promise<void> {
    await Promise.all(this.#segments.map((segment) => segment.file.datasync()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#segments.map((segment) => segment.file.close().catch(() => undefined)));
  }
}
