import type { Clock } from "@agency/core";
import { createSignal, waitUntil } from "../process/signal.ts";

import { BlockBuffer } from "./block-buffer.ts";
import { PendingLines } from "./pending-lines.ts";
import type { LineBlock, ReadLimits } from "./pending-lines.ts";
import { SegmentStore } from "./segment-store.ts";
import type { SegmentLimits } from "./segment-store.ts";

export interface JournalLimits extends SegmentLimits {
  /** Lines not on disk yet; beyond it append waits. Also all that is kept while the disk refuses. */
  readonly memoryBytes: number;
  /** Size of all files; beyond it append waits, which pauses the engine. */
  readonly diskBytes: number;
  readonly retryMs: number;
  readonly syncMs: number;
}

const DEFAULT_LIMITS: JournalLimits = {
  segmentBytes: 4 * 1024 * 1024,
  keptBytes: 4 * 1024 * 1024,
  memoryBytes: 1024 * 1024,
  diskBytes: 256 * 1024 * 1024,
  retryMs: 1000,
  syncMs: 1000,
};

const WRITE_LIMITS: ReadLimits = { lines: Number.POSITIVE_INFINITY, bytes: 256 * 1024 };

export interface JournalOptions {
  folder: string;
  clock: Clock;
  limits?: Partial<JournalLimits>;
  /** Called once each time the disk begins to refuse, and once when it takes lines again. */
  onDisk: (error: unknown) => void;
}

/**
 * Every event is written here before it is sent, and leaves when it is acknowledged. What a crash may take:
 * of the runner, the lines of the write under way (none of them sent); of the machine, at most `syncMs` of
 * lines not acknowledged. Acknowledged lines are safe elsewhere and are never synced.
 * When the disk refuses, lines wait in memory up to a bound and are sent from there: the agent's own
 * clean-up may be what frees the disk, so its events must keep moving.
 */
export class Journal {
  readonly #limits: JournalLimits;
  readonly #options: JournalOptions;
  readonly #files: SegmentStore;
  readonly #pending = new PendingLines();
  readonly #writeBuffer = new BlockBuffer();
  readonly #sendBuffer = new BlockBuffer();
  readonly #changed = createSignal();
  readonly #closing = new AbortController();
  readonly #writing: Promise<void>;
  #last = 0;
  #written = 0;
  #acked = 0;
  #refused = false;
  #syncArmed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#files = new SegmentStore(options.folder, this.#limits);
    this.#writing = this.#writeForever();
  }

  /** The number given last; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  get acked(): number {
    return this.#acked;
  }

  get hasRoom(): boolean {
    const waiting = this.#pending.bytes;
    return waiting < this.#limits.memoryBytes && waiting + this.#files.bytes < this.#limits.diskBytes;
  }

  /** Numbers the line at once; resolves when there is room for the next. */
  async append(json: string): Promise<void> {
    this.#last += 1;
    this.#pending.push(this.#last, json);
    this.#changed.fire();
    await waitUntil(this.#changed, this.#closing.signal, () => this.hasRoom);
  }

  /** Resolves when the line `next` names may be read, or the signal aborts. A rewind may change what it names. */
  async readable(next: () => number, signal: AbortSignal): Promise<void> {
    await waitUntil(this.#changed, signal, () => next() <= (this.#refused ? this.#last : this.#written));
  }

  /** Resolves when everything appended so far is acknowledged, or the signal aborts. */
  async drained(signal: AbortSignal): Promise<void> {
    await waitUntil(this.#changed, signal, () => this.#acked >= this.#last);
  }

  /** Lines from `number` on, which must be readable and not acknowledged. */
  async read(number: number, most: ReadLimits): Promise<LineBlock> {
    if (number <= this.#written) return this.#files.read(number, most);
    return this.#pending.read(number, most, this.#sendBuffer);
  }

  /** Everything up to `number` is stored elsewhere. */
  async ack(number: number): Promise<void> {
    this.#acked = Math.max(this.#acked, Math.min(number, this.#last));
    // Only while the disk refuses can a line be acknowledged before it is written: then it need not be.
    if (this.#acked > this.#written) {
      this.#written = this.#acked;
      this.#pending.drop(this.#acked);
    }
    await this.#files.drop(this.#acked, this.#refused);
    this.#changed.fire();
  }

  /** What was acknowledged after `have` is not stored after all. False: it is not here any more either. */
  rewind(have: number): boolean {
    if (have >= this.#acked) return true;
    const oldest = this.#files.oldest(this.#written);
    if (oldest === null || have + 1 < oldest) return false;
    this.#acked = have;
    this.#changed.fire();
    return true;
  }

  /** What is not acknowledged stays on disk. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#writing;
    await this.#files.drop(this.#acked, true);
    await this.#files.close();
  }

  async #writeForever(): Promise<void> {
    const { signal } = this.#closing;
    await this.#files.clear().catch(() => undefined);
    while (!signal.aborted) {
      await waitUntil(this.#changed, signal, () => this.#pending.bytes > 0);
      await this.#writeBlock().catch((error: unknown) => this.#diskRefused(error));
    }
  }

  async #writeBlock(): Promise<void> {
    const { first } = this.#pending;
    if (first === null) return;
    const block = this.#pending.read(first, WRITE_LIMITS, this.#writeBuffer);
    await this.#files.write(first, block);
    const last = first + block.count - 1;
    this.#written = Math.max(this.#written, last);
    this.#pending.drop(last);
    if (this.#refused) this.#options.onDisk(null);
    this.#refused = false;
    this.#syncLater();
    await this.#files.drop(this.#acked, false);
    this.#changed.fire();
  }

  async #diskRefused(error: unknown): Promise<void> {
    if (!this.#refused) this.#options.onDisk(error);
    this.#refused = true;
    this.#changed.fire();
    await this.#options.clock.sleep(this.#limits.retryMs, this.#closing.signal);
  }

  #syncLater(): void {
    if (this.#syncArmed) return;
    this.#syncArmed = true;
    void this.#options.clock.sleep(this.#limits.syncMs, this.#closing.signal).then(async () => {
      this.#syncArmed = false;
      if (this.#written > this.#acked) await this.#files.sync().catch(() => undefined);
    });
  }
}
