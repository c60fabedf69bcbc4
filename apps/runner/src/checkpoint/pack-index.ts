const FANOUT_AT = 8;
const COUNT_AT = FANOUT_AT + 255 * 4;
const NAMES_AT = COUNT_AT + 4;
const CRC_BYTES = 4;
const LARGE = 0x80000000;

/** Where each object begins in a pack, and how many bytes of the pack are its. */
export type PackPlaces = ReadonlyMap<string, readonly [offset: number, length: number]>;

/** Reads what git wrote beside a pack (version 2), by the names of the objects in hex. */
export function placesOf(index: Buffer, packBytes: number, hashBytes: 20 | 32): PackPlaces {
  if (index.readUInt32BE(0) !== 0xff744f63 || index.readUInt32BE(4) !== 2)
    throw new Error("git wrote an index of a pack that this runner does not know.");
  const count = index.readUInt32BE(COUNT_AT);
  const offsetsAt = NAMES_AT + count * (hashBytes + CRC_BYTES);
  const largeAt = offsetsAt + count * 4;
  const offsets = new Float64Array(count);
  for (let at = 0; at < count; at += 1) {
    const short = index.readUInt32BE(offsetsAt + at * 4);
    offsets[at] = short < LARGE ? short : Number(index.readBigUInt64BE(largeAt + (short - LARGE) * 8));
  }
  const inOrder = offsets.toSorted();
  const ends = new Map<number, number>();
  for (const [at, offset] of inOrder.entries()) ends.set(offset, inOrder[at + 1] ?? packBytes - hashBytes);
  const places = new Map<string, [number, number]>();
  for (const [at, offset] of offsets.entries()) {
    const name = NAMES_AT + at * hashBytes;
    places.set(index.toString("hex", name, name + hashBytes), [
      offset,
      (ends.get(offset) ?? offset) - offset,
    ]);
  }
  return places;
}
