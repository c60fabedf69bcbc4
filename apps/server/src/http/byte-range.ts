export interface Bytes {
  from: number;
  /** Not included. */
  to: number;
}

/**
 * What of a file is asked for: one range, `null` for all of it, `unsatisfiable` for one that lies behind its end.
 * Several ranges, other units and what cannot be read are answered with all of it, as RFC 9110 allows.
 */
export function readRange(header: string | undefined, bytes: number): Bytes | "unsatisfiable" | null {
  const match = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/.exec(header?.trim() ?? "");
  if (match === null) return null;
  const [, first, last, suffix] = match;
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), bytes);
    return length === 0 ? "unsatisfiable" : { from: bytes - length, to: bytes };
  }
  const from = Number(first);
  const to = last === undefined || last === "" ? bytes : Math.min(Number(last) + 1, bytes);
  if (last !== undefined && last !== "" && Number(last) < from) return null;
  return from >= bytes ? "unsatisfiable" : { from, to };
}
