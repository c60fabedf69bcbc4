import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { applyDelta } from "./apply-delta.ts";
import { BadObjectError, BLOB, OFFSET_DELTA, unpackObject } from "./pack-object.ts";

const MiB = 1024 * 1024;
/** More than that is downloaded with the whole: to unpack is our processor's time. */
export const MAX_FILE_BYTES = 64 * MiB;
/** Kept while it is checked; a larger one is unpacked a second time to be sent. */
const MAX_HELD_BYTES = MiB;
/** Made in memory of what it is made from, up to two dozen times: git makes no deltas of much larger ones. */
const MAX_MADE_BYTES = 16 * MiB;
const MAX_DELTA_BYTES = 4 * MiB;

/** An object of a pack, from its start. */
export type Packed = () => AsyncIterable<Uint8Array>;

export interface PackedFile {
  readonly bytes: number;
  readonly open: () => Promise<ReadableStream<Uint8Array>>;
}

export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/**
 * A file out of a pack, checked against the name git gave its content before the first byte is given: whole, or the
 * first of `others` and changes of it, `packed` the last of them.
 */
export async function openPackedFile(
  object: string,
  packed: Packed,
  others: readonly Packed[],
): Promise<PackedFile> {
  if (others.length === 0) return openWhole(object, packed);
  const [whole = packed, ...deltas] = [packed, ...others].toReversed();
  let made = await collect(whole, BLOB, MAX_MADE_BYTES);
  for (const delta of deltas)
    made = applyDelta(made, await collect(delta, OFFSET_DELTA, MAX_DELTA_BYTES), MAX_MADE_BYTES);
  check(object, nameHash(object, made.length).update(made));
  return { bytes: made.length, open: async () => ReadableStream.from([made]) };
}

async function openWhole(object: string, packed: Packed): Promise<PackedFile> {
  let size = 0;
  let hash = nameHash(object, 0);
  const held: Uint8Array[] = [];
  const begin = (bytes: number): void => {
    if (bytes > MAX_FILE_BYTES) throw new TooLargeError();
    size = bytes;
    hash = nameHash(object, bytes);
  };
  for await (const piece of unpackObject(packed(), BLOB, begin)) {
    hash.update(piece);
    if (size <= MAX_HELD_BYTES) held.push(piece);
  }
  check(object, hash);
  const again = () => unpackObject(packed(), BLOB, () => undefined);
  return { bytes: size, open: async () => ReadableStream.from(size <= MAX_HELD_BYTES ? held : again()) };
}

async function collect(
  packed: Packed,
  kind: typeof BLOB | typeof OFFSET_DELTA,
  most: number,
): Promise<Buffer> {
  const begin = (bytes: number): void => {
    if (bytes > most) throw new TooLargeError();
  };
  const pieces: Uint8Array[] = [];
  for await (const piece of unpackObject(packed(), kind, begin)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function nameHash(object: string, bytes: number): Hash {
  return createHash(object.length === 64 ? "sha256" : "sha1").update(`blob ${bytes}\0`);
}

function check(object: string, hash: Hash): void {
  if (hash.digest("hex") !== object) throw new BadObjectError("has another content");
}
