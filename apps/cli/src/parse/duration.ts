import { UsageError } from "../usage-error.ts";

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;

/** 4h · 30m · 90s · 1h30m, in milliseconds; null when it is none. */
export function parseDuration(text: string): number | null {
  const compact = text.trim().toLowerCase().replaceAll(" ", "");
  if (!WHOLE.test(compact)) return null;
  const parts = Array.from(
    compact.matchAll(PART),
    ([, amount, unit]) => Number(amount) * (UNITS[unit ?? ""] ?? 0),
  );
  return Math.round(parts.reduce((sum, ms) => sum + ms, 0));
}

export function durationOption(text: string, flag: string): number {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  const example = /^\d+$/.test(text.trim())
    ? `Say of what: ${flag} ${text.trim()}m.`
    : "Write it like 4h, 30m, 90s or 1h30m.";
  throw new UsageError(`${flag} "${text}" is not a length of time.`, example);
}

/** Either form is turned into an instant when the command runs. */
export type Since = { agoMs: number } | { atMs: number };

export function sinceOption(text: string, flag: string): Since {
  const agoMs = parseDuration(text);
  if (agoMs !== null) return { agoMs };
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return { atMs };
  throw new UsageError(
    `${flag} "${text}" is neither a length of time nor an instant.`,
    "Write it like 10m or 2026-01-31T12:00:00Z.",
  );
}
