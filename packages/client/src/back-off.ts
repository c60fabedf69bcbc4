const FIRST_MS = 250;
const LONGEST_MS = 10_000;

/** Doubles from a quarter of a second to ten; the jitter keeps a thousand clients from coming back at once. */
export function backOffMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
  return Math.round(full * (0.5 + random / 2));
}
