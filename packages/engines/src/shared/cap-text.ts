export interface CappedText {
  text: string;
  /** Size of the whole text, not of what was kept. */
  bytes: number;
  truncated: boolean;
}

/** Keeps the beginning, cut at a whole character. */
export function capText(text: string, maxBytes: number): CappedText {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return { text, bytes, truncated: false };
  const head = Buffer.from(text.slice(0, maxBytes));
  return { text: head.subarray(0, characterEnd(head, maxBytes)).toString("utf8"), bytes, truncated: true };
}

/** The largest cut at or before `at` that does not split a UTF-8 character. */
export function characterEnd(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) return bytes.length;
  let end = at;
  // A character has at most three continuation bytes; more of them is not UTF-8, and any cut will do.
  while (end > at - 4 && end > 0 && isContinuation(bytes[end])) end -= 1;
  return isContinuation(bytes[end]) || end === 0 ? at : end;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** One line of at most `maxChars`, for titles and notes. */
export function oneLine(text: string, maxChars = 200): string {
  const line = text.trim().split(/[\r\n]/u, 1)[0] ?? "";
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/u, "")}…`;
}
