import { AgencyError } from "@agency/contract";
import type { SignInMethod } from "@agency/contract";
import type { ApiKeyStore } from "@agency/core";
import { newApiKey, parseApiKey, sameHmac } from "./tokens.ts";
import { uuidv7 } from "../ids.ts";

export interface Caller {
  accountId: string;
  /** Of the API key; of the session when a browser asks. */
  keyId: string;
  session?: CallerSession;
}

export interface CallerSession {
  id: string;
  method: SignInMethod;
  expiresAt: number;
  /** What a request that changes something must carry. */
  csrf: string;
}

/** Who asks, as the audit log and events name them. */
export function actorOf({ keyId, session }: Caller): string {
  return session === undefined ? `key ${keyId}` : `device ${session.id}`;
}

export interface ApiKeys {
  /** Throws `unauthenticated` for anything that is not a live key; says nothing about why. */
  authenticate(authorization: string | undefined): Promise<Caller>;
  create(accountId: string, name: string, now: number): Promise<string>;
  /** It was revoked: in this process it is refused at once. */
  forget(id: string): void;
}

const KNOWN_FOR_MS = 5_000;

export function createApiKeys(deps: {
  store: Pick<ApiKeyStore, "find" | "insert">;
  pepper: Uint8Array;
  now: () => number;
}): ApiKeys {
  // A short memory spares the database a read per request; a revoked key lives on for at most that long.
  const known = new Map<string, { caller: Caller; hmac: Uint8Array; until: number }>();
  return {
    async authenticate(authorization) {
      const given = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
      const parsed = given === undefined ? null : parseApiKey(deps.pepper, given);
      if (parsed === null) throw refused();
      const hit = known.get(parsed.id);
      if (hit && hit.until > deps.now() && sameHmac(hit.hmac, parsed.hmac)) return hit.caller;
      const record = await deps.store.find(parsed.id);
      if (record === null || record.revoked || !sameHmac(record.hmac, parsed.hmac)) throw refused();
      const caller = { accountId: record.accountId, keyId: record.id };
      if (known.size > 1_000) known.clear();
      known.set(parsed.id, { caller, hmac: record.hmac, until: deps.now() + KNOWN_FOR_MS });
      return caller;
    },
    async create(accountId, name, now) {
      const { id, key, prefix, hmac } = newApiKey(deps.pepper, uuidv7(now));
      await deps.store.insert({ id, accountId, name, prefix, hmac });
      return key;
    },
    forget: (id) => void known.delete(id),
  };
}

function refused(): AgencyError {
  return new AgencyError("unauthenticated", "This request has no valid API key.", {
    next: "Send `Authorization: Bearer <key>`; the first key is in the file `api-key` of the data folder.",
  });
}
