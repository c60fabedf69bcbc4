import type { SignInMethod } from "@agency/contract";

/** A browser that is signed in. Of its tokens only keyed hashes are kept. */
export interface SessionRecord {
  readonly id: string;
  readonly accountId: string;
  readonly method: SignInMethod;
  readonly name: string;
  readonly address: string;
  readonly hmac: Uint8Array;
  /** The token before this one, good until `previousUntil`; null there: the present one was never used. */
  readonly previousHmac: Uint8Array | null;
  readonly previousUntil: number | null;
  readonly rotatedAt: number;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
}

export interface SessionStore {
  /** Sessions that ended before `idleSince` or expired are cleared away on the occasion. */
  add(session: SessionRecord, idleSince: number): Promise<void>;
  find(id: string): Promise<SessionRecord | null>;
  /** False when another request has changed the token meanwhile. */
  rotate(id: string, from: Uint8Array, to: Uint8Array, previous: Uint8Array, now: number): Promise<boolean>;
  /** The new token was used: the one before is good until then. */
  confirm(id: string, previousUntil: number): Promise<void>;
  touch(ids: readonly string[], now: number): Promise<void>;
  list(accountId: string): Promise<SessionRecord[]>;
  remove(accountId: string, id: string): Promise<boolean>;
  removeByMethod(accountId: string, method: SignInMethod): Promise<string[]>;
  /** Which of them are still there. */
  present(ids: readonly string[]): Promise<SessionRecord[]>;
}

export interface PairingRecord {
  readonly id: string;
  readonly codeHmac: Uint8Array;
  readonly secretHmac: Uint8Array;
  readonly name: string;
  readonly address: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly decision: "accepted" | "refused" | null;
  readonly accountId: string | null;
}

/** One that nobody has decided about. */
export type WaitingPairing = Pick<PairingRecord, "id" | "address" | "requestedAt">;

export interface PairingStore {
  /**
   * When `most` wait already, the one that `gives` way is gone; the new one is among those it is asked about. True when
   * nobody had to.
   */
  add(
    pairing: PairingRecord,
    most: number,
    gives: (waiting: readonly WaitingPairing[]) => string | null,
  ): Promise<boolean>;
  findByCode(codeHmac: Uint8Array, now: number): Promise<PairingRecord | null>;
  /** Null when it is over, unknown, or decided already. */
  decide(
    codeHmac: Uint8Array,
    decision: { accept: boolean; accountId: string },
    now: number,
  ): Promise<PairingRecord | null>;
  find(id: string): Promise<PairingRecord | null>;
  /** A claim with a wrong secret; the request is gone after `most` of them. */
  countWrongClaim(id: string, most: number): Promise<void>;
  /** True for exactly one caller: an accepted request is used up. */
  take(id: string): Promise<boolean>;
}

export interface WayInStore {
  addLink(link: { hmac: Uint8Array; accountId: string; expiresAt: number }): Promise<void>;
  /** The account of a link that is still good, for exactly one caller. */
  burnLink(hmac: Uint8Array, now: number): Promise<string | null>;
  password(accountId: string): Promise<string | null>;
  setPassword(accountId: string, hash: string | null): Promise<void>;
  accountName(accountId: string): Promise<string>;
  /** Counts this try, and says how many there were since the window began, and when it ends. */
  countTry(name: string, windowMs: number, now: number): Promise<{ tries: number; resetsAt: number }>;
  forgetTries(name: string): Promise<void>;
}
