import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { Readable } from "node:stream";
import { createInflate } from "node:zlib";

const BLOB = 3;
/** A size of 64 bits takes no more. */
const MAX_HEADER_BYTES = 10;

/** A place in a pack where something else lies than what it was said to be. */
export class BadBlobError extends Error {
  override readonly name = "BadBlobError";
}

/**
 * The content of a blob as it lies in a pack: its kind and size, then zlib. `begin` is told the size before the first
 * byte and may throw; not a byte more than that is unpacked. Throws when it is anything but a whole blob.
 */
export async function* unpackBlob(
  packed: AsyncIterable<Uint8Array>,
  begin: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const pieces = packed[Symbol.asyncIterator]();
  const unpacking = createInflate();
  let source: Readable | null = null;
  try {
    const { bytes, rest } = await headerOf(pieces);
    begin(bytes);
    source = Readable.from(joined(rest, pieces));
    source.on("error", (error) => unpacking.destroy(error));
    let left = bytes;
    for await (const piece of source.pipe(unpacking)) {
      left -= piece.length;
      if (left < 0) throw new BadBlobError("holds more than it says");
      if (piece.length > 0) yield piece;
    }
    if (left > 0) throw new BadBlobError("ends too early");
  } catch (error) {
    throw isZlibError(error) ? new BadBlobError("cannot be unpacked", { cause: error }) : error;
  } finally {
    unpacking.destroy();
    source?.destroy();
    await pieces.return?.();
  }
}

async function headerOf(pieces: AsyncIterator<Uint8Array>): Promise<{ bytes: number; rest: Buffer }> {
  let begun = Buffer.alloc(0);
  for (;;) {
    const { value, done } = await pieces.next();
    if (done === true) throw new BadBlobError("ends too early");
    begun = Buffer.concat([begun, value]);
    const end = begun.findIndex((byte) => (byte & 0x80) === 0);
    if (end >= MAX_HEADER_BYTES || (end === -1 && begun.length >= MAX_HEADER_BYTES))
      throw new BadBlobError("is no object of a pack");
    if (end !== -1) return { bytes: sizeOf(begun.subarray(0, end + 1)), rest: begun.subarray(end + 1) };
  }
}

/** Little end first: four bits beside the kind, then seven at a time. */
function sizeOf(header: Buffer): number {
  const [first = 0, ...more] = header;
  if (((first >> 4) & 7) !== BLOB) throw new BadBlobError("is no file of its own");
  return more.reduce((size, byte, at) => size + (byte & 0x7f) * 2 ** (4 + 7 * at), first & 15);
}

async function* joined(first: Buffer, others: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await others.next(); next.done !== true; next = await others.next()) yield next.value;
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}

/** The hash git names a blob by, to be fed with its content. */
export function blobHash(object: string, bytes: number): Hash {
  return createHash(object.length === 64 ? "sha256" : "sha1").update(`blob ${bytes}\0`);
}
