import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { applyDelta } from "./apply-delta.ts";
import { BadObjectError, BLOB, OFFSET_DELTA, TooLargeError, unpackObject } from "./pack-object.ts";

const MiB = 1024 * 1024;
/** More than that is downloaded with the whole: to unpack is our processor's time. */
export const MAX_FILE_BYTES = 64 * MiB;
/** Kept while it is checked; a larger one is unpacked a second time to be sent. */
const MAX_HELD_BYTES = MiB;
/** A file that git packed as a change is made in memory, with what it is made from beside it. */
const MAX_MADE_BYTES = 16 * MiB;
const MAX_DELTA_BYTES = 4 * MiB;
/** Of all changes that a file is made of: a tenth of a second for the steps. 16 MiB of text take up to 20,000 a change. */
const MAX_CHAIN = { bytes: 128 * MiB, steps: 200_000 };

/** An object of a pack, from its start. */
export type Packed = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

export interface PackedFile {
  readonly bytes: number;
  readonly open: (signal: AbortSignal) => ReadableStream<Uint8Array>;
}

/**
 * A file out of a pack, checked against the name git gave its content before the first byte is given: whole, or the
 * first of `others` and changes of it, `packed` the last of them.
 */
export async function openPackedFile(
  object: string,
  packed: Packed,
  others: readonly Packed[],
  signal: AbortSignal,
): Promise<PackedFile> {
  if (others.length === 0) return openWhole(object, packed, signal);
  const [whole = packed, ...deltas] = [packed, ...others].toReversed();
  let made = await collect(whole(signal), BLOB, MAX_MADE_BYTES);
  const left = { ...MAX_CHAIN };
  for (const packedDelta of deltas) {
    const delta = await collect(packedDelta(signal), OFFSET_DELTA, MAX_DELTA_BYTES);
    made = applyDelta(made, delta, left);
    if (made.length > MAX_MADE_BYTES) throw new TooLargeError();
    await setImmediate();
  }
  check(object, nameHash(object, made.length).update(made));
  return { bytes: made.length, open: () => ReadableStream.from([made]) };
}

async function openWhole(object: string, packed: Packed, signal: AbortSignal): Promise<PackedFile> {
  let size = 0;
  let hash = nameHash(object, 0);
  const held: Uint8Array[] = [];
  const begin = (bytes: number): void => {
    if (bytes > MAX_FILE_BYTES) throw new TooLargeError();
    size = bytes;
    hash = nameHash(object, bytes);
  };
  for await (const piece of unpackObject(packed(signal), BLOB, begin)) {
    hash.update(piece);
    if (size <= MAX_HELD_BYTES) held.push(piece);
  }
  check(object, hash);
  const again = (until: AbortSignal) => unpackObject(packed(until), BLOB, () => undefined);
  return { bytes: size, open: (until) => ReadableStream.from(size <= MAX_HELD_BYTES ? held : again(until)) };
}

async function collect(
  packed: AsyncIterable<Uint8Array>,
  kind: typeof BLOB | typeof OFFSET_DELTA,
  most: number,
): Promise<Buffer> {
  const begin = (bytes: number): void => {
    if (bytes > most) throw new TooLargeError();
  };
  const pieces: Uint8Array[] = [];
  for await (const piece of unpackObject(packed, kind, begin)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function nameHash(object: string, bytes: number): Hash {
  return createHash(object.length === 64 ? "sha256" : "sha1").update(`blob ${bytes}\0`);
}

function check(object: string, hash: Hash): void {
  if (hash.digest("hex") !== object) throw new BadObjectError("has another content");
}
