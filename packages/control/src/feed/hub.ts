import { randomUUID } from "node:crypto";
import { FEED_MAX_LIVE, FEED_RECENT } from "@agency/contract";
import type { Clock, FeedStore, Logger } from "@agency/core";
import { FeedReader } from "./reader.ts";
import type { FeedFrame } from "./reader.ts";

/** A busy agent speaks a hundred times a second; a list need not say so more often than eyes can follow. */
const COALESCE_MS = 100;
const AFTER_FAILURE_MS = 1_000;
/** Tasks loaded by one statement. */
const CHUNK = 200;
/** Tasks whose last change is remembered, for readers that come back. */
const MOST_REMEMBERED = 2_000;

export interface HubDeps {
  store: FeedStore;
  clock: Clock;
  logger: Logger;
}

/** Tells every reader of one account what changes; it reads the database once for all of them. */
export class FeedHub {
  readonly #id = randomUUID();
  readonly #readers = new Set<FeedReader>();
  readonly #dirty = new Set<string>();
  /** Tasks that readers know of, with the number of the last frame that named them. The oldest first. */
  readonly #changed = new Map<string, number>();
  readonly #deps: HubDeps;
  readonly #accountId: string;
  #number = 0;
  /** What changed up to here is not remembered any more. */
  #forgotten = 0;
  #flushing = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: HubDeps, accountId: string) {
    this.#deps = deps;
    this.#accountId = accountId;
  }

  get empty(): boolean {
    return this.#readers.size === 0;
  }

  touch(ids: Iterable<string>): void {
    for (const id of ids) this.#dirty.add(id);
    if (!this.#flushing && this.#dirty.size > 0) void this.#flushSoon();
  }

  /** Something may have been missed. */
  resync(): void {
    // Also whoever saw the last frame may have missed what came since.
    this.#number += 1;
    this.#forgotten = this.#number;
    for (const reader of this.#readers) reader.askSnapshot();
  }

  async *follow(place: string | null, signal: AbortSignal): AsyncGenerator<FeedFrame> {
    const reader = new FeedReader();
    // Before anything is read: what changes from now on is told.
    this.#readers.add(reader);
    const close = () => reader.close();
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted) close();
    try {
      if (!reader.closed) yield await this.#inTurn(() => this.#begin(reader, place));
      while (!reader.closed) {
        await reader.ready();
        if (reader.closed) return;
        if (reader.needsSnapshot) yield await this.#inTurn(() => this.#snapshot(reader));
        const update = reader.take();
        if (update !== null) yield { id: this.#place(), update };
      }
    } finally {
      signal.removeEventListener("abort", close);
      this.#readers.delete(reader);
    }
  }

  /** A reader that was here before gets what it missed; any other one everything. */
  async #begin(reader: FeedReader, place: string | null): Promise<FeedFrame> {
    const [hub, number] = (place ?? "").split(".");
    const since = hub === this.#id && /^\d{1,15}$/.test(number ?? "") ? Number(number) : null;
    if (since === null || since < this.#forgotten || since > this.#number) return this.#snapshot(reader);
    const missed = [...this.#changed].filter(([, at]) => at > since).map(([id]) => id);
    // Before it is read, not after: a snapshot asked for meanwhile must stay asked for, and the place be an old one.
    reader.clear();
    const id = this.#place();
    const [tasks, totals] = await Promise.all([this.#load(missed), this.#totals()]);
    const found = new Set(tasks.map(({ id }) => id));
    const removed = missed.filter((one) => !found.has(one));
    return { id, update: { type: "change", tasks, removed, totals } };
  }

  async #snapshot(reader: FeedReader): Promise<FeedFrame> {
    const most = { live: FEED_MAX_LIVE, recent: FEED_RECENT };
    reader.clear();
    const place = this.#place();
    const [{ tasks, truncated }, totals] = await Promise.all([
      this.#deps.store.snapshot(this.#accountId, most),
      this.#totals(),
    ]);
    for (const { id } of tasks) if (!this.#changed.has(id)) this.#remember(id, 0);
    return { id: place, update: { type: "snapshot", tasks, truncated, totals } };
  }

  async #flushSoon(): Promise<void> {
    const { clock, logger } = this.#deps;
    this.#flushing = true;
    while (this.#dirty.size > 0 && !this.empty) {
      await clock.sleep(COALESCE_MS);
      try {
        await this.#inTurn(() => this.#flush());
      } catch (error) {
        logger.warn({ err: error }, "the feed could not be read; it is tried again");
        await clock.sleep(AFTER_FAILURE_MS);
      }
    }
    this.#dirty.clear();
    this.#flushing = false;
  }

  async #flush(): Promise<void> {
    const ids = [...this.#dirty].slice(0, CHUNK);
    for (const id of ids) this.#dirty.delete(id);
    try {
      const [tasks, totals] = await Promise.all([this.#load(ids), this.#totals()]);
      const found = new Set(tasks.map(({ id }) => id));
      // An id nobody here was told of is another account's task.
      const removed = ids.filter((id) => !found.has(id) && this.#changed.has(id));
      if (tasks.length + removed.length === 0) return;
      this.#number += 1;
      for (const id of [...found, ...removed]) this.#remember(id, this.#number);
      for (const reader of this.#readers) reader.change(tasks, removed, totals);
    } catch (error) {
      for (const id of ids) this.#dirty.add(id);
      throw error;
    }
  }

  /** One after the other: what was read earlier must not arrive after what was read later. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #load(ids: readonly string[]) {
    return ids.length === 0 ? [] : this.#deps.store.summaries(this.#accountId, ids);
  }

  #totals() {
    return this.#deps.store.totals(this.#accountId, this.#deps.clock.now());
  }

  #remember(id: string, number: number): void {
    this.#changed.delete(id);
    this.#changed.set(id, number);
    for (const [oldest, at] of this.#changed) {
      if (this.#changed.size <= MOST_REMEMBERED) return;
      this.#changed.delete(oldest);
      this.#forgotten = Math.max(this.#forgotten, at);
    }
  }

  #place(): string {
    return `${this.#id}.${this.#number}`;
  }
}
