/** `3 passed, 1 failed` in any order and with any separators: the number in front of each word. */
export function countBefore(text: string, word: string): number {
  const match = new RegExp(`(\\d{1,9}) ${word}\\b`, "u").exec(text);
  return match === null ? 0 : Number(match[1]);
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000 };

/** `1.25s`, `51 ms`, `2 m`. */
export function toMs(amount: string | undefined, unit: string | undefined): number | undefined {
  const factor = UNIT_MS[unit ?? ""];
  const value = Number(amount);
  return factor === undefined || amount === undefined || !Number.isFinite(value)
    ? undefined
    : Math.round(value * factor);
}

export function withDuration<T extends object>(
  summary: T,
  durationMs: number | undefined,
): T & { durationMs?: number } {
  return durationMs === undefined ? summary : { ...summary, durationMs };
}

/** The last line that matches: watch modes and workspaces print their totals more than once. */
export function lastMatch(lines: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const line of lines.toReversed()) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  return undefined;
}
