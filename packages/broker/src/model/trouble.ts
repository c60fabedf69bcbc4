/** Why a credential is not asked for a while. */
export interface Trouble {
  /** `limit`: used up until then. `refused`: the vendor does not know it any more. */
  readonly kind: "limit" | "refused";
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** An error answer, as far as it is looked at. */
export interface TroubledAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly now: number;
}

const SECOND = 1000;
/** Taken when a limit does not say when it ends. */
const UNKNOWN_LIMIT_MS = 60 * SECOND;
/** Somebody has to pay a bill first. */
const NO_CREDIT_MS = 60 * 60 * SECOND;
const REFUSED_MS = 5 * 60 * SECOND;

export const limitedUntil = (until: number | null, now: number): Trouble => ({
  kind: "limit",
  until: until ?? now + UNKNOWN_LIMIT_MS,
});
export const outOfCredit = (now: number): Trouble => ({ kind: "limit", until: now + NO_CREDIT_MS });
export const refusedCredential = (now: number): Trouble => ({ kind: "refused", until: now + REFUSED_MS });

/** `retry-after-ms`, or `retry-after` in seconds or as a date. */
export function retryAfter(headers: Headers, now: number): number | null {
  const ms = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (ms >= 0) return now + ms;
  const text = headers.get("retry-after");
  if (text === null) return null;
  const seconds = Number(text);
  if (seconds >= 0) return now + seconds * SECOND;
  return dateOf(text);
}

export function dateOf(text: string | null | undefined): number | null {
  const at = Date.parse(text ?? "");
  return Number.isNaN(at) ? null : at;
}

/** Seconds since 1970, as a header or a field has them. */
export function epochSeconds(value: unknown): number | null {
  const seconds = typeof value === "string" ? Number(value) : value;
  return typeof seconds === "number" && seconds > 0 ? seconds * SECOND : null;
}
