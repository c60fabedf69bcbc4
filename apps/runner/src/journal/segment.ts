import { open, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { BlockBuffer } from "./block-buffer.ts";
import type { LineBlock, ReadLimits } from "./pending-lines.ts";

/** One file of the journal: lines numbered `first`, `first + 1`, ... without a gap. */
export interface Segment {
  readonly first: number;
  readonly path: string;
  readonly file: FileHandle;
  count: number;
  bytes: number;
}

export async function openSegment(folder: string, first: number): Promise<Segment> {
  const path = join(folder, `${String(first).padStart(12, "0")}.ndjson`);
  return { first, path, file: await open(path, "w+", 0o600), count: 0, bytes: 0 };
}

/** Writes at the end we know, so that what a failed write left half-done is written over. */
export async function writeLines(segment: Segment, { bytes: block, count }: LineBlock): Promise<void> {
  let done = 0;
  while (done < block.length) {
    const { bytesWritten } = await segment.file.write(block, done, block.length - done, segment.bytes + done);
    done += bytesWritten;
  }
  segment.bytes += block.length;
  segment.count += count;
}

export async function removeSegment(segment: Segment): Promise<void> {
  await segment.file.close().catch(() => undefined);
  await unlink(segment.path).catch(() => undefined);
}

export function lastOf(segment: Segment): number {
  return segment.first + segment.count - 1;
}

/** Where a line begins: found by reading, so that no index has to be kept for lines not sent yet. */
export async function offsetOf(segment: Segment, number: number, buffer: BlockBuffer): Promise<number> {
  let skip = number - segment.first;
  let offset = 0;
  while (skip > 0) {
    const bytes = await readAt(segment, offset, buffer.ofSize(0));
    const ends = lineEnds(bytes, skip);
    skip -= ends.count;
    offset += skip === 0 ? ends.last : bytes.length;
  }
  return offset;
}

/** As many whole lines as fit, but at least one, however long it is. */
export async function readLines(
  segment: Segment,
  offset: number,
  most: ReadLimits,
  buffer: BlockBuffer,
): Promise<LineBlock> {
  for (let size = most.bytes; ; size *= 2) {
    const wanted = Math.min(size, segment.bytes - offset);
    const bytes = await readAt(segment, offset, buffer.ofSize(wanted).subarray(0, wanted));
    const { count, last } = lineEnds(bytes, most.lines);
    if (count > 0) return { bytes: bytes.subarray(0, last), count };
    if (wanted < size) throw new Error(`The journal ${segment.path} was cut by somebody else.`);
  }
}

async function readAt({ file, path }: Segment, offset: number, into: Buffer): Promise<Buffer> {
  const { bytesRead } = await file.read(into, 0, into.length, offset);
  if (bytesRead === 0) throw new Error(`The journal ${path} was cut by somebody else.`);
  return into.subarray(0, bytesRead);
}

const NEWLINE = 0x0a;

function lineEnds(bytes: Buffer, most: number): { count: number; last: number } {
  let count = 0;
  let last = 0;
  while (count < most) {
    const at = bytes.indexOf(NEWLINE, last);
    if (at === -1) break;
    last = at + 1;
    count += 1;
  }
  return { count, last };
}
