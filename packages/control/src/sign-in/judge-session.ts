import type { SessionRecord } from "@agency/core";
import { sameHmac } from "../access/tokens.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export const SESSION_TIMES = {
  /** Used or not. */
  longestMs: 30 * DAY,
  unusedMs: 7 * DAY,
  rotateMs: 60 * MINUTE,
  /** Requests under way when a token is replaced still carry the one before. */
  graceMs: MINUTE,
  /** How exactly the last use is remembered. */
  touchMs: MINUTE,
} as const;

export type SessionVerdict =
  | { readonly kind: "refused" }
  /** A token that was replaced long ago came back: somebody has a copy. */
  | { readonly kind: "stolen" }
  | { readonly kind: "live"; readonly rotate: boolean; readonly confirm: boolean; readonly touch: boolean };

export function judgeSession(session: SessionRecord, given: Uint8Array, now: number): SessionVerdict {
  const { previousHmac, previousUntil, rotatedAt, seenAt } = session;
  if (isOver(session, now)) return { kind: "refused" };
  const touch = now - seenAt >= SESSION_TIMES.touchMs;
  if (sameHmac(session.hmac, given)) {
    const confirm = previousHmac !== null && previousUntil === null;
    return { kind: "live", rotate: now - rotatedAt >= SESSION_TIMES.rotateMs, confirm, touch };
  }
  if (previousHmac === null || !sameHmac(previousHmac, given)) return { kind: "refused" };
  // The answer that brought the new token may have been lost: the browser then never had it.
  if (previousUntil === null) {
    return { kind: "live", rotate: now - rotatedAt >= SESSION_TIMES.graceMs, confirm: false, touch };
  }
  return now < previousUntil ? { kind: "live", rotate: false, confirm: false, touch } : { kind: "stolen" };
}

export function isOver({ expiresAt, seenAt }: SessionRecord, now: number): boolean {
  return now >= expiresAt || now - seenAt >= SESSION_TIMES.unusedMs;
}
