import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Vendor } from "@agency/core";

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/**
 * boot: opens hello, once. uplink: every later request of the runner. A vendor's: the placeholder an engine gets
 * for its API, in the form that engines know its keys by.
 */
const PREFIXES: Readonly<Record<"boot" | "uplink" | Vendor, string>> = {
  boot: "agb",
  uplink: "agu",
  anthropic: "sk-ant-agency",
  openai: "sk-agency",
};
export type TokenKind = keyof typeof PREFIXES;

/**
 * Tokens of an attempt are derived, not stored: any process that knows the instance secret can make and check
 * them, so a worker that takes over can finish a half-made sandbox with the same token.
 */
export interface Tokens {
  issue(kind: TokenKind, attemptId: string): string;
  /** The attempt the token names, or null when it is not one of ours. */
  check(kind: TokenKind, token: string): string | null;
}

export function createTokens(secret: Uint8Array): Tokens {
  const mac = (kind: TokenKind, attemptId: string) =>
    createHmac("sha256", secret).update(`${kind}:${attemptId}`).digest();
  return {
    issue: (kind, attemptId) => `${PREFIXES[kind]}_${attemptId}_${mac(kind, attemptId).toString("hex")}`,
    check(kind, token) {
      const match = new RegExp(`^${PREFIXES[kind]}_(${UUID})_([0-9a-f]{64})$`).exec(token);
      const [, attemptId, given] = match ?? [];
      if (attemptId === undefined || given === undefined) return null;
      return timingSafeEqual(Buffer.from(given, "hex"), mac(kind, attemptId)) ? attemptId : null;
    },
  };
}

const API_KEY = /^agk_([0-9a-f-]{36})_([A-Za-z0-9_-]{43})$/;

export interface ApiKey {
  id: string;
  /** Shown once. */
  key: string;
  prefix: string;
  hmac: Uint8Array;
}

/** 256 random bits need no slow hash: an HMAC costs 4 µs where scrypt would be a self-made denial of service. */
export function newApiKey(pepper: Uint8Array, id: string): ApiKey {
  const secret = randomBytes(32).toString("base64url");
  return { id, key: `agk_${id}_${secret}`, prefix: `agk_${id.slice(0, 8)}`, hmac: hmacOf(pepper, secret) };
}

export function parseApiKey(pepper: Uint8Array, key: string): { id: string; hmac: Uint8Array } | null {
  const [, id, secret] = API_KEY.exec(key) ?? [];
  return id === undefined || secret === undefined ? null : { id, hmac: hmacOf(pepper, secret) };
}

export function sameHmac(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function hmacOf(pepper: Uint8Array, secret: string): Uint8Array {
  return createHmac("sha256", pepper).update(secret).digest();
}
