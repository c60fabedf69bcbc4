import { createHmac, randomBytes, randomInt } from "node:crypto";
import { PAIRING_CODE_LENGTH } from "@agency/contract";

const SESSION = /^ags_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
/** Nothing that looks like something else, on a screen or said aloud: no 0 O 1 I L U. */
const CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

/** What a token is for is part of its hash: one kind never passes for another. */
export type TokenUse = "session" | "link" | "pairing-code" | "pairing-secret" | "csrf";

export function keyedHash(pepper: Uint8Array, use: TokenUse, token: string): Uint8Array {
  return createHmac("sha256", pepper).update(`${use}:${token}`).digest();
}

export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

export function sessionToken(id: string, secret: string): string {
  return `ags_${id}_${secret}`;
}

export function parseSessionToken(token: string): { id: string; secret: string } | null {
  const [, id, secret] = SESSION.exec(token) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

export function csrfToken(pepper: Uint8Array, sessionId: string): string {
  return Buffer.from(keyedHash(pepper, "csrf", sessionId)).toString("base64url");
}

/** 39 bits: within ten minutes and five tries nobody guesses one of two hundred that wait. */
export function newPairingCode(): string {
  return Array.from(
    { length: PAIRING_CODE_LENGTH },
    () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)] ?? "",
  ).join("");
}

export function shownCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** As people type it. */
export function tidyCode(typed: string): string {
  return typed.toUpperCase().replaceAll(/[\s-]/g, "");
}
