const FANOUT_AT = 8;
const COUNT_AT = FANOUT_AT + 255 * 4;
const NAMES_AT = COUNT_AT + 4;
const CRC_BYTES = 4;
const LARGE = 0x80000000;

/** What git wrote beside a pack: where each object begins in it. */
export interface PackIndex {
  /** Of an object by its name in hex; null: it is not in the pack. */
  offsetOf(object: string): number | null;
  /** How many bytes of the pack are of the object that begins there; null: none does. */
  lengthAt(offset: number): number | null;
}

/** Reads an index of version 2. It is searched, not unfolded: a history of years has a million objects. */
export function readPackIndex(index: Buffer, packBytes: number, hashBytes: 20 | 32): PackIndex {
  if (index.readUInt32BE(0) !== 0xff744f63 || index.readUInt32BE(4) !== 2)
    throw new Error("git wrote an index of a pack that this runner does not know.");
  const count = index.readUInt32BE(COUNT_AT);
  const offsetsAt = NAMES_AT + count * (hashBytes + CRC_BYTES);
  const largeAt = offsetsAt + count * 4;
  const offsetAt = (at: number): number => {
    const short = index.readUInt32BE(offsetsAt + at * 4);
    return short < LARGE ? short : Number(index.readBigUInt64BE(largeAt + (short - LARGE) * 8));
  };
  const inOrder = Float64Array.from({ length: count }, (_, at) => offsetAt(at)).toSorted();
  return {
    offsetOf(object) {
      const name = Buffer.from(object, "hex");
      if (name.length !== hashBytes) return null;
      const at = search(count, (middle) => {
        const from = NAMES_AT + middle * hashBytes;
        return index.compare(name, 0, hashBytes, from, from + hashBytes);
      });
      return at === null ? null : offsetAt(at);
    },
    lengthAt(offset) {
      const at = search(count, (middle) => (inOrder[middle] ?? 0) - offset);
      return at === null ? null : (inOrder[at + 1] ?? packBytes - hashBytes) - offset;
    },
  };
}

/** `against`: below 0 where what is looked for comes later. */
function search(count: number, against: (at: number) => number): number | null {
  let [from, to] = [0, count];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const order = against(middle);
    if (order === 0) return middle;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return null;
}
