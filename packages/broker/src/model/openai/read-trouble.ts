import { isRecord, parseJson } from "../call-meter.ts";
import { epochSeconds, limitedUntil, outOfCredit, refusedCredential, retryAfter } from "../trouble.ts";
import type { Trouble, TroubledAnswer } from "../trouble.ts";

const NO_CREDIT = new Set(["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"]);

export function readTrouble({ status, headers, text, now }: TroubledAnswer): Trouble | null {
  if (status === 401) return refusedCredential(now);
  const error = errorIn(text);
  const codes = [error["code"], error["type"]];
  const isUnpaid = codes.some((code) => typeof code === "string" && NO_CREDIT.has(code));
  if (isUnpaid && (status === 429 || status === 400 || status === 402 || status === 403))
    return outOfCredit(now);
  if (status !== 429) return null;
  return limitedUntil(resetIn(error, now) ?? retryAfter(headers, now) ?? bucketReset(headers, now), now);
}

function errorIn(text: string): Record<string, unknown> {
  const body = parseJson(text);
  const error = isRecord(body) ? body["error"] : null;
  return isRecord(error) ? error : {};
}

/** A subscription's window. */
function resetIn(error: Record<string, unknown>, now: number): number | null {
  const seconds = error["resets_in_seconds"];
  if (typeof seconds === "number" && seconds >= 0) return now + seconds * 1000;
  return epochSeconds(error["resets_at"]);
}

const BUCKETS = ["requests", "tokens"];

/** The buckets that are empty; all of them when none says so. */
function bucketReset(headers: Headers, now: number): number | null {
  const empty = BUCKETS.filter((name) => headers.get(`x-ratelimit-remaining-${name}`) === "0");
  const waits = (empty.length > 0 ? empty : BUCKETS).map((name) =>
    durationMs(headers.get(`x-ratelimit-reset-${name}`)),
  );
  const longest = Math.max(...waits.map((wait) => wait ?? -1));
  return longest < 0 ? null : now + longest;
}

const UNIT_MS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** `6m0s`, `1.5s`, `20ms`, `1h2m3s`. */
export function durationMs(text: string | null): number | null {
  if (text === null || !/^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(text)) return null;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g))
    total += Number(count) * (UNIT_MS[unit ?? ""] ?? 0);
  return Math.ceil(total);
}
