import { setImmediate } from "node:timers/promises";
import { constants, createZstdDecompress } from "node:zlib";
import { checkpointListEntrySchema, checkpointListHeadSchema, MAX_CHECKPOINT_FILES } from "@agency/contract";
import type { CheckpointListEntry, CheckpointListHead } from "@agency/contract";

/** 200,000 files with long names. */
const MAX_BYTES = 64 * 1024 * 1024;
/** A path and a target as long as may be, each character escaped. */
const MAX_LINE_BYTES = 64 * 1024;
/** 8 MiB: a frame may ask for no more memory than that, whatever its header says. */
const OPTIONS = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };
/** Others get a turn in between: to judge all takes about a second. */
const AT_ONCE = 2000;

export interface CheckpointList extends CheckpointListHead {
  /** By path, in the order of code units, each path once. */
  readonly entries: readonly CheckpointListEntry[];
}

/** A list that is not as agreed, and why. */
export class BadListError extends Error {
  override readonly name = "BadListError";
}

/** Judges what was written inside a sandbox, up to the first thing that is wrong. */
export async function readList(packed: Uint8Array): Promise<CheckpointList> {
  let head: CheckpointListHead | null = null;
  const entries: CheckpointListEntry[] = [];
  for await (const line of linesOf(packed)) {
    const parsed = parse(line);
    if (head === null) head = judged(checkpointListHeadSchema.safeParse(parsed));
    else entries.push(judged(checkpointListEntrySchema.safeParse(parsed)));
    if (entries.length > MAX_CHECKPOINT_FILES) throw new BadListError("names too many files");
    if (entries.length % AT_ONCE === AT_ONCE - 1) await setImmediate();
  }
  if (head === null) throw notAsAgreed();
  entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const once = entries.filter(({ path }, at) => path !== entries[at - 1]?.path);
  // Names that are not UTF-8 can look the same.
  return { ...head, truncated: head.truncated || once.length < entries.length, entries: once };
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
      if (bytes > MAX_BYTES) throw new BadListError(`is over ${MAX_BYTES} bytes`);
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
