import { AgencyError } from "@agency/contract";
import type { BlobStorage } from "./blob-storage.ts";
import { readHead } from "./checkpoint-head.ts";
import type { Span } from "./checkpoint-head.ts";
import { BadListError, readList } from "./checkpoint-list.ts";
import type { CheckpointList } from "./checkpoint-list.ts";

/** Whoever looks through the files of a task goes back and forth between few checkpoints. */
const MOST_CACHED = 2;
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
export type CheckpointLists = (stored: StoredCheckpoint) => Promise<ListedCheckpoint | null>;

/** Reads lists that runners wrote, one at a time. A blob never changes, so neither does what was read of it. */
export function createCheckpointLists(storage: Pick<BlobStorage, "read">): CheckpointLists {
  const cache = new Map<string, Promise<ListedCheckpoint | null>>();
  let before: Promise<unknown> = Promise.resolve();
  return (stored) => {
    const known = cache.get(stored.key);
    if (known !== undefined) return known;
    const reading = before.then(() => readStored(storage, stored));
    before = reading.catch(() => undefined);
    const [oldest] = cache.keys();
    if (cache.size >= MOST_CACHED && oldest !== undefined) cache.delete(oldest);
    cache.set(stored.key, reading);
    reading.catch(() => cache.delete(stored.key));
    return reading;
  };
}

async function readStored(
  storage: Pick<BlobStorage, "read">,
  { key, bytes }: StoredCheckpoint,
): Promise<ListedCheckpoint | null> {
  const fromStorage = async (from: number, to: number): Promise<Buffer> => {
    const stored = await storage.read(key, { from, to });
    if (stored === null) throw new AgencyError("not_found", "This checkpoint is no longer kept.");
    return Buffer.from(await new Response(stored.body).arrayBuffer());
  };
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
