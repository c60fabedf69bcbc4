import { open, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

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
export async function writeLines(segment: Segment, lines: readonly Buffer[]): Promise<void> {
  const block = Buffer.concat(lines);
  let done = 0;
  while (done < block.length) {
    const { bytesWritten } = await segment.file.write(block, done, block.length - done, segment.bytes + done);
    done += bytesWritten;
  }
  segment.bytes += block.length;
  segment.count += lines.length;
}

export async function removeSegment(segment: Segment): Promise<void> {
  await segment.file.close().catch(() => undefined);
  await unlink(segment.path).catch(() => undefined);
}

export function lastOf(segment: Segment): number {
  return segment.first + segment.count - 1;
}

/** Where a line begins: found by reading, so that no index has to be kept for lines not sent yet. */
export async function offsetOf(segment: Segment, number: number): Promise<number> {
  let skip = number - segment.first;
  let offset = 0;
  const chunk = Buffer.allocUnsafe(256 * 1024);
  while (skip > 0) {
    const { bytesRead } = await segment.file.read(chunk, 0, chunk.length, offset);
    if (bytesRead === 0) throw new Error(`The journal ${segment.path} is shorter than it was written.`);
    const ends = lineEnds(chunk.subarray(0, bytesRead), skip);
    skip -= ends.length;
    offset += skip === 0 ? (ends.at(-1) ?? 0) : bytesRead;
  }
  return offset;
}

export interface LineBlock {
  /** Whole lines, each with its newline. */
  readonly bytes: Buffer;
  readonly count: number;
}

/** As many whole lines as fit, but at least one, however long it is. */
export async function readLines(
  segment: Segment,
  offset: number,
  most: { lines: number; bytes: number },
): Promise<LineBlock> {
  for (let size = most.bytes; ; size *= 2) {
    const wanted = Math.min(size, segment.bytes - offset);
    const chunk = Buffer.allocUnsafe(wanted);
    const { bytesRead } = await segment.file.read(chunk, 0, wanted, offset);
    const ends = lineEnds(chunk.subarray(0, bytesRead), most.lines);
    const end = ends.at(-1);
    if (end !== undefined) return { bytes: chunk.subarray(0, end), count: ends.length };
    if (bytesRead < size) throw new Error(`The journal ${segment.path} is shorter than it was written.`);
  }
}

function lineEnds(bytes: Buffer, most: number): number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(10); at >= 0 && ends.length < most; at = bytes.indexOf(10, at + 1))
    ends.push(at + 1);
  return ends;
}
