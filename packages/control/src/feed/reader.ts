import type { FeedTotals, FeedUpdate, TaskSummary } from "@agency/contract";

/** More tasks than this waiting for one reader, and it gets a snapshot instead. */
const MOST_PENDING = 500;

export interface FeedFrame {
  /** The place to go on from. */
  id: string;
  update: FeedUpdate;
}

/**
 * What one reader has still to be told. A task that changes ten times before the reader comes is there once, as it
 * is by now: a reader that stands still costs no more than the tasks there are.
 */
export class FeedReader {
  readonly #tasks = new Map<string, TaskSummary>();
  readonly #removed = new Set<string>();
  #totals: FeedTotals | null = null;
  #needsSnapshot = false;
  #closed = false;
  #wake: () => void = () => {};

  get needsSnapshot(): boolean {
    return this.#needsSnapshot;
  }

  get closed(): boolean {
    return this.#closed;
  }

  change(tasks: readonly TaskSummary[], removed: readonly string[], totals: FeedTotals): void {
    for (const task of tasks) {
      this.#removed.delete(task.id);
      this.#tasks.set(task.id, task);
    }
    for (const id of removed) {
      this.#tasks.delete(id);
      this.#removed.add(id);
    }
    this.#totals = totals;
    if (this.#tasks.size + this.#removed.size > MOST_PENDING) this.askSnapshot();
    this.#wake();
  }

  askSnapshot(): void {
    this.clear();
    this.#needsSnapshot = true;
    this.#wake();
  }

  /** A snapshot taken now holds all that was pending. */
  clear(): void {
    this.#tasks.clear();
    this.#removed.clear();
    this.#totals = null;
    this.#needsSnapshot = false;
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  async ready(): Promise<void> {
    if (this.#closed || this.#needsSnapshot || this.#totals !== null) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  take(): FeedUpdate | null {
    if (this.#totals === null) return null;
    const update: FeedUpdate = {
      type: "change",
      tasks: [...this.#tasks.values()],
      removed: [...this.#removed],
      totals: this.#totals,
    };
    this.clear();
    return update;
  }
}
