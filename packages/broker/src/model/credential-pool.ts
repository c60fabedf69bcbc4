import { createHash } from "node:crypto";
import type { ModelCredential } from "@agency/core";
import type { Trouble } from "./trouble.ts";
import type { ModelVendor } from "./vendor.ts";

/** Which credentials are not asked for a while. In memory only: whoever starts anew finds out by asking. */
export interface CredentialPool {
  /** Why the credential cannot be used now; null when it can. */
  troubleOf(vendor: ModelVendor, credential: ModelCredential): Trouble | null;
  /** False when it was known to be in trouble already. */
  note(vendor: ModelVendor, credential: ModelCredential, trouble: Trouble): boolean;
}

/** Somewhat more than the longest window of any vendor; a wrong clock must not lock a credential for ever. */
const LONGEST_MS = 8 * 24 * 60 * 60 * 1000;
/** A reset that has passed already is asked for again soon, not at once. */
const SHORTEST_MS = 1000;

export function createCredentialPool(now: () => number): CredentialPool {
  const troubles = new Map<string, Trouble>();

  function current(key: string): Trouble | null {
    const trouble = troubles.get(key);
    if (trouble === undefined) return null;
    if (trouble.until > now()) return trouble;
    troubles.delete(key);
    return null;
  }

  return {
    troubleOf: (vendor, credential) => current(keyOf(vendor, credential)),
    note(vendor, credential, { kind, until }) {
      const key = keyOf(vendor, credential);
      const known = current(key) !== null;
      for (const other of troubles.keys()) current(other);
      const at = now();
      troubles.set(key, {
        kind,
        until: Math.min(Math.max(until, at + SHORTEST_MS), at + LONGEST_MS),
      });
      return !known;
    },
  };
}

/** The same value under two names is one credential; a new value under an old name is another. */
function keyOf(vendor: ModelVendor, { value }: ModelCredential): string {
  return `${vendor} ${createHash("sha256").update(value).digest("base64")}`;
}
