const FIRST_MS = 50;
const LONGEST_MS = 2000;
const LONGEST_ASKED_MS = 30_000;

/** Doubling, with jitter so that many sandboxes do not come back at one instant. `random` is in [0, 1). */
export function backoffMs(failures: number, askedMs: number | null, random: number): number {
  if (askedMs !== null) return Math.min(askedMs, LONGEST_ASKED_MS);
  const whole = Math.min(FIRST_MS * 2 ** Math.min(failures, 16), LONGEST_MS);
  return whole / 2 + (whole / 2) * random;
}
