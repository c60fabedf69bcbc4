import type { ByteRange } from "../ports/storage.ts";

/** The range within an object of `bytes`; null when it is none of whole, rising numbers. */
export function rangeWithin(range: ByteRange, bytes: number): { from: number; to: number } | null {
  const { from = 0, to = bytes } = range;
  if (!isOffset(from) || !isOffset(to) || (range.to !== undefined && from > to)) return null;
  const end = Math.min(to, bytes);
  return { from: Math.min(from, end), to: end };
}

const isOffset = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
