import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { constants, createZstdCompress } from "node:zlib";
import { MAX_CHECKPOINT_LIST } from "@agency/contract";
import type { CheckpointListEntry, CheckpointListHead } from "@agency/contract";
import type { Places } from "./pack-places.ts";
import type { ListedFiles } from "./snapshot-files.ts";

const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Others get a turn in between: a few milliseconds. */
const AT_ONCE = 2000;
const HEAD_BYTES = 1024;

type Found = ReadonlyMap<string, Places>;

/**
 * The list as it lies in a checkpoint, no larger than a reader takes; `find` tells where in its bundle objects are.
 * Null: it cannot be made so small.
 */
export async function packFileList(
  { entries, base, truncated }: ListedFiles,
  find: (objects: Iterable<string>) => Promise<Found>,
): Promise<Buffer | null> {
  const found = await find(entries.flatMap((entry) => (entry.change === "deleted" ? [] : [entry.object])));
  const { lines, isCut } = await linesOf(entries, found);
  const head: CheckpointListHead = { v: 1, base, truncated: truncated || isCut };
  const text = Readable.from([Buffer.from(`${JSON.stringify(head)}\n`), ...lines]);
  const packed = await buffer(text.pipe(createZstdCompress(FAST)));
  return packed.length > MAX_CHECKPOINT_LIST.packedBytes ? null : packed;
}

async function linesOf(
  entries: readonly CheckpointListEntry[],
  found: Found,
): Promise<{ lines: Buffer[]; isCut: boolean }> {
  const room = { bytes: MAX_CHECKPOINT_LIST.bytes - HEAD_BYTES, places: MAX_CHECKPOINT_LIST.places };
  const lines: Buffer[] = [];
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    const some = entries
      .slice(from, from + AT_ONCE)
      .map((entry) => `${JSON.stringify(placed(entry, found, room))}\n`);
    const piece = Buffer.from(some.join(""));
    room.bytes -= piece.length;
    if (room.bytes < 0) return { lines, isCut: true };
    lines.push(piece);
    await setImmediate();
  }
  return { lines, isCut: false };
}

function placed(entry: CheckpointListEntry, found: Found, room: { places: number }): CheckpointListEntry {
  if (entry.change === "deleted") return entry;
  const places = found.get(entry.object);
  if (places === undefined || room.places < places.length) return entry;
  room.places -= places.length;
  return { ...entry, places };
}
