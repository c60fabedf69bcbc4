import { readSync } from "node:fs";
import { MAX_DELTAS } from "@agency/contract";
import type { PackIndex } from "./pack-index.ts";

const OFFSET_DELTA = 6;
const NAME_DELTA = 7;
/** Kind and size, and how far back a base lies: ten bytes each are 64 bits. */
const HEADER_BYTES = 20;

export type Places = [offset: number, length: number][];

/**
 * Where an object lies in the pack that is open as `pack`: its own place, and as long as that is a delta, the place of
 * what it is made from. Null: it is not in the pack, or not to be read from places alone.
 */
export function placesOf(pack: number, index: PackIndex, object: string): Places | null {
  const places: Places = [];
  const begun = Buffer.alloc(HEADER_BYTES);
  for (let offset = index.offsetOf(object); offset !== null && places.length <= MAX_DELTAS;) {
    const length = index.lengthAt(offset);
    if (length === null) return null;
    places.push([offset, length]);
    const read = readSync(pack, begun, 0, HEADER_BYTES, offset);
    const kind = ((begun[0] ?? 0) >> 4) & 7;
    if (kind === NAME_DELTA) return null;
    if (kind !== OFFSET_DELTA) return places;
    offset -= distanceIn(begun.subarray(0, read));
  }
  return null;
}

/** Big end first, after the size; each byte but the last counts one more than it says. */
function distanceIn(begun: Buffer): number {
  const [first = 0, ...more] = begun.subarray(begun.findIndex((byte) => (byte & 0x80) === 0) + 1);
  let distance = first & 0x7f;
  let isLast = (first & 0x80) === 0;
  for (const byte of more) {
    if (isLast) break;
    distance = (distance + 1) * 128 + (byte & 0x7f);
    isLast = (byte & 0x80) === 0;
  }
  return distance;
}
