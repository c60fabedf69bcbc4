import { isRecord, parseJson } from "../call-meter.ts";
import {
  dateOf,
  epochSeconds,
  limitedUntil,
  outOfCredit,
  refusedCredential,
  retryAfter,
} from "../trouble.ts";
import type { Trouble, TroubledAnswer } from "../trouble.ts";

const BUCKETS = ["requests", "tokens", "input-tokens", "output-tokens"];
/**
 * From their beginning only: a message about a bad request quotes it, and no agent may talk a credential that
 * others use into being used up.
 */
const NO_CREDIT = /^(?:Your credit balance is too low|Your account's credit balance)/i;
const LIMIT_REACHED =
  /^(?:You have reached your (?:specified |workspace )?API usage limits?|(?:Claude AI )?usage limit reached|This (?:organization|workspace|request) (?:has reached|would exceed) (?:its|your).{0,40}usage limit)/i;

export function readTrouble(answer: TroubledAnswer): Trouble | null {
  const { status, headers, text, now } = answer;
  if (status === 401) return refusedCredential(now);
  if (status === 429) return limitedUntil(resetOf(headers, now), now);
  if (status !== 400 && status !== 402 && status !== 403) return null;
  if (headers.get("anthropic-ratelimit-unified-status") === "rejected")
    return limitedUntil(resetOf(headers, now), now);
  const message = messageIn(text);
  if (NO_CREDIT.test(message)) return outOfCredit(now);
  if (!LIMIT_REACHED.test(message)) return null;
  const regained = /access on (\d{4}-\d{2}-\d{2})(?: at (\d{2}:\d{2}) UTC)?/.exec(message);
  const until = regained && dateOf(`${regained[1]}T${regained[2] ?? "00:00"}:00Z`);
  return until === null ? outOfCredit(now) : limitedUntil(until, now);
}

/** The subscription's window first; then what the answer asks for; then the bucket that is empty. */
function resetOf(headers: Headers, now: number): number | null {
  const unified = epochSeconds(headers.get("anthropic-ratelimit-unified-reset"));
  if (unified !== null && headers.get("anthropic-ratelimit-unified-status") !== "allowed") return unified;
  const asked = retryAfter(headers, now);
  if (asked !== null) return asked;
  const empty = BUCKETS.filter((name) => headers.get(`anthropic-ratelimit-${name}-remaining`) === "0").map(
    (name) => dateOf(headers.get(`anthropic-ratelimit-${name}-reset`)) ?? 0,
  );
  return empty.length === 0 ? null : Math.max(...empty);
}

function messageIn(text: string): string {
  const body = parseJson(text);
  const error = isRecord(body) ? body["error"] : null;
  const message = isRecord(error) ? error["message"] : null;
  return typeof message === "string" ? message : "";
}
