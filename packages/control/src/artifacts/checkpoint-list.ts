import { setImmediate } from "node:timers/promises";
import { constants, createZstdDecompress } from "node:zlib";
import {
  checkpointListEntrySchema,
  checkpointListHeadSchema,
  MAX_CHECKPOINT_FILES,
  MAX_CHECKPOINT_LIST,
} from "@agency/contract";
import type { CheckpointListEntry, CheckpointListHead } from "@agency/contract";

/** A path and a target as long as may be, each character escaped. */
const MAX_LINE_BYTES = 64 * 1024;
/** 8 MiB: a frame may ask for no more memory than that, whatever its header says. */
const OPTIONS = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };
/** Others get a turn in between: 200,000 files take about three seconds. */
const AT_ONCE_MS = 20;

type DeletedEntry = Extract<CheckpointListEntry, { change: "deleted" }>;
type StandingEntry = Exclude<CheckpointListEntry, DeletedEntry>;

export interface StandingFile extends Omit<StandingEntry, "places" | "pathBytes"> {
  /** First byte and length of each, one after another: a pair of its own would take five times the memory. */
  readonly places: readonly number[];
}

export interface CheckpointList extends CheckpointListHead {
  /** By path, in the order of code units, each path once. */
  readonly entries: readonly (StandingFile | Pick<DeletedEntry, "path" | "change">)[];
}

/** A list that is not as agreed, and why. */
export class BadListError extends Error {
  override readonly name = "BadListError";
}

/** Judges what was written inside a sandbox, up to the first thing that is wrong. */
export async function readList(packed: Uint8Array): Promise<CheckpointList> {
  let head: CheckpointListHead | null = null;
  const entries: CheckpointList["entries"][number][] = [];
  let places = 0;
  let turn = performance.now();
  for await (const line of linesOf(packed)) {
    const parsed = parse(line);
    if (head === null) head = judged(checkpointListHeadSchema.safeParse(parsed));
    else {
      const entry = compact(judged(checkpointListEntrySchema.safeParse(parsed)));
      places += entry.change === "deleted" ? 0 : entry.places.length / 2;
      entries.push(entry);
    }
    if (entries.length > MAX_CHECKPOINT_FILES) throw new BadListError("names too many files");
    if (places > MAX_CHECKPOINT_LIST.places) throw new BadListError("names too many places");
    if (performance.now() - turn < AT_ONCE_MS) continue;
    await setImmediate();
    turn = performance.now();
  }
  if (head === null) throw notAsAgreed();
  entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const once = entries.filter(({ path }, at) => path !== entries[at - 1]?.path);
  // Names that are not UTF-8 can look the same.
  return { ...head, truncated: head.truncated || once.length < entries.length, entries: once };
}

function compact(entry: CheckpointListEntry): CheckpointList["entries"][number] {
  if (entry.change === "deleted") return { path: entry.path, change: entry.change };
  const { places = [], pathBytes: _, ...rest } = entry;
  return { ...rest, places: places.flat() };
}

async function* linesOf(packed: Uint8Array): AsyncGenerator<Buffer> {
  let begun: Buffer = Buffer.alloc(0);
  for await (const piece of unpacked(packed)) {
    let from = 0;
    for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, from)) {
      yield Buffer.concat([begun, piece.subarray(from, end)]);
      begun = Buffer.alloc(0);
      from = end + 1;
    }
    begun = Buffer.concat([begun, piece.subarray(from)]);
    if (begun.length > MAX_LINE_BYTES) throw notAsAgreed();
  }
  if (begun.length > 0) throw notAsAgreed();
}

async function* unpacked(packed: Uint8Array): AsyncGenerator<Buffer> {
  const unpacking = createZstdDecompress(OPTIONS);
  unpacking.end(packed);
  let bytes = 0;
  try {
    for await (const piece of unpacking) {
      bytes += piece.length;
      if (bytes > MAX_CHECKPOINT_LIST.bytes)
        throw new BadListError(`is over ${MAX_CHECKPOINT_LIST.bytes} bytes`);
      yield piece;
    }
  } catch (error) {
    throw error instanceof BadListError ? error : notAsAgreed();
  } finally {
    unpacking.destroy();
  }
}

function judged<T>(result: { success: true; data: T } | { success: false }): T {
  if (!result.success) throw notAsAgreed();
  return result.data;
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    return undefined;
  }
}

const notAsAgreed = () => new BadListError("does not hold what was agreed");
