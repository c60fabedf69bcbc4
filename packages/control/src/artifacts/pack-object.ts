import { Readable } from "node:stream";
import { createInflate } from "node:zlib";

export const BLOB = 3;
/** Made from what lies so many bytes before it. */
export const OFFSET_DELTA = 6;
/** Numbers of 64 bits take no more. */
const MAX_NUMBER_BYTES = 10;

/** A place in a pack where something else lies than what it was said to be. */
export class BadObjectError extends Error {
  override readonly name = "BadObjectError";
}

/** What would take too much of our memory or time to unpack. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/**
 * What an object of a pack holds: its kind and size are before it, and it is zlib. `begin` is told the size before the
 * first byte and may throw; not a byte more than that is unpacked. Throws when it is anything but a whole one of `kind`.
 */
export async function* unpackObject(
  packed: AsyncIterable<Uint8Array>,
  kind: typeof BLOB | typeof OFFSET_DELTA,
  begin: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const pieces = packed[Symbol.asyncIterator]();
  const unpacking = createInflate();
  let source: Readable | null = null;
  try {
    const { bytes, rest } = await headerOf(pieces, kind);
    begin(bytes);
    source = Readable.from(joined(rest, pieces));
    source.on("error", (error) => unpacking.destroy(error));
    let left = bytes;
    for await (const piece of source.pipe(unpacking)) {
      left -= piece.length;
      if (left < 0) throw new BadObjectError("holds more than it says");
      if (piece.length > 0) yield piece;
    }
    if (left > 0) throw endsEarly();
  } catch (error) {
    throw isZlibError(error) ? new BadObjectError("cannot be unpacked", { cause: error }) : error;
  } finally {
    unpacking.destroy();
    source?.destroy();
    await pieces.return?.();
  }
}

async function headerOf(
  pieces: AsyncIterator<Uint8Array>,
  kind: typeof BLOB | typeof OFFSET_DELTA,
): Promise<{ bytes: number; rest: Buffer }> {
  let begun = Buffer.alloc(0);
  for (;;) {
    const { value, done } = await pieces.next();
    if (done === true) throw endsEarly();
    begun = Buffer.concat([begun, value]);
    const size = endOfNumber(begun, 0);
    if (size === null) continue;
    if ((((begun[0] ?? 0) >> 4) & 7) !== kind)
      throw new BadObjectError(kind === BLOB ? "is no file of its own" : "is no change of another");
    const end = kind === BLOB ? size : endOfNumber(begun, size);
    if (end !== null) return { bytes: sizeOf(begun.subarray(0, size)), rest: begun.subarray(end) };
  }
}

/** Behind the first byte without the bit that says that more follow; null: that has not come yet. */
function endOfNumber(bytes: Buffer, from: number): number | null {
  const length = bytes.subarray(from).findIndex((byte) => (byte & 0x80) === 0) + 1;
  if (length > MAX_NUMBER_BYTES || (length === 0 && bytes.length - from >= MAX_NUMBER_BYTES))
    throw new BadObjectError("is no object of a pack");
  return length === 0 ? null : from + length;
}

/** Little end first: four bits beside the kind, then seven at a time. */
function sizeOf([first = 0, ...more]: Buffer): number {
  return more.reduce((size, byte, at) => size + (byte & 0x7f) * 2 ** (4 + 7 * at), first & 15);
}

async function* joined(first: Buffer, others: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await others.next(); next.done !== true; next = await others.next()) yield next.value;
}

const endsEarly = () => new BadObjectError("ends too early");

function isZlibError(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}
