import { buffer } from "node:stream/consumers";
import { AgencyError } from "@agency/contract";
import type { BlobStorage } from "./blob-storage.ts";
import { readHead } from "./checkpoint-head.ts";
import type { Span } from "./checkpoint-head.ts";
import { BadListError, readList } from "./checkpoint-list.ts";
import type { CheckpointList } from "./checkpoint-list.ts";
import { createReadingLanes } from "./reading-lanes.ts";
import { readPart, within } from "./read-within.ts";

/** Whoever looks through the files of a task goes back and forth between few checkpoints. */
const MOST_CACHED = 2;
/** One of 200,000 files is some hundred megabytes. */
const IDLE_MS = 5 * 60_000;
const READ_MS = 60_000;
/** Each is processor time and memory; one that is being read may be waited for by many. */
const MOST_AT_ONCE = { account: 2, all: 4 };
/** Holds the usual `checkpoint.json`, and the list of some hundred files. */
const FIRST_BYTES = 32 * 1024;

export interface ListedCheckpoint extends CheckpointList {
  /** Where the bundle lies. */
  readonly bundle: Span;
}

interface StoredCheckpoint {
  readonly key: string;
  readonly bytes: number;
}

/** Null: there is no list in it. */
export type CheckpointLists = (
  accountId: string,
  stored: StoredCheckpoint,
) => Promise<ListedCheckpoint | null>;

/** Reads lists that runners wrote. A blob never changes, so neither does what was read of it. */
export function createCheckpointLists(storage: Pick<BlobStorage, "read">): CheckpointLists {
  const cache = new LastUsed();
  const enter = createReadingLanes(MOST_AT_ONCE, "lists of checkpoints");
  return async (accountId, stored) => {
    const known = cache.get(stored.key);
    if (known !== undefined) return known;
    const leave = enter(accountId);
    const reading = within(READ_MS, (signal) => readStored(storage, stored, signal)).finally(leave);
    cache.set(stored.key, reading);
    return reading;
  };
}

type Reading = Promise<ListedCheckpoint | null>;

/** The lists that were asked for last, for as long as somebody asks. */
class LastUsed {
  readonly #kept = new Map<string, { reading: Reading; idle: NodeJS.Timeout }>();

  get(key: string): Reading | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    found.idle.refresh();
    return found.reading;
  }

  set(key: string, reading: Reading): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MOST_CACHED && oldest !== undefined) this.#drop(oldest);
    const idle = setTimeout(() => this.#drop(key), IDLE_MS).unref();
    this.#kept.set(key, { reading, idle });
    reading.catch(() => this.#kept.get(key)?.reading === reading && this.#drop(key));
  }

  #drop(key: string): void {
    clearTimeout(this.#kept.get(key)?.idle);
    this.#kept.delete(key);
  }
}

async function readStored(
  storage: Pick<BlobStorage, "read">,
  { key, bytes }: StoredCheckpoint,
  signal: AbortSignal,
): Promise<ListedCheckpoint | null> {
  const fromStorage = (from: number, to: number): Promise<Buffer> =>
    buffer(readPart(storage, key, { from, to }, signal));
  const first = await fromStorage(0, Math.min(FIRST_BYTES, bytes));
  const read = async (from: number, to: number): Promise<Buffer> =>
    to <= first.length ? first.subarray(from, to) : fromStorage(from, Math.min(to, bytes));
  const head = await readHead(read, bytes);
  if (head === null) return null;
  const { list, bundle } = head;
  try {
    return { ...(await readList(await read(list.start, list.start + list.bytes))), bundle };
  } catch (error) {
    if (!(error instanceof BadListError)) throw error;
    throw new AgencyError("conflict", `The list of this checkpoint's files ${error.message}.`, {
      next: "Download the whole checkpoint instead.",
    });
  }
}
