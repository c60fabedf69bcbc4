import type { Row } from "./rows.ts";

/** The row an event is in: the last one that began at or before it. Null when there is none. */
export function placeOf(rows: readonly Pick<Row, "seq">[], seq: number): number | null {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.seq ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : low - 1;
}
