import type { Device, SignInMethod } from "@agency/contract";
import type { Clock, SessionRecord, SessionStore } from "@agency/core";
import type { Caller } from "../access/api-keys.ts";
import { uuidv7 } from "../ids.ts";
import { isOver, judgeSession, SESSION_TIMES } from "./judge-session.ts";
import { csrfToken, keyedHash, newSecret, parseSessionToken, sessionToken } from "./session-token.ts";
import { watchSessions } from "./session-watch.ts";
import type { SessionWatch } from "./session-watch.ts";

export interface SessionDeps {
  store: SessionStore;
  pepper: Uint8Array;
  clock: Clock;
  /** A copy of a token was used; the session is gone. */
  onStolen: (session: SessionRecord) => Promise<void>;
}

export interface KnownSession {
  caller: Caller;
  /** To be sent back in the cookie from now on; null while the present one stays. */
  freshToken: string | null;
}

export interface Sessions {
  /** Null for anything that is not a live session; says nothing about why. */
  authenticate(token: string): Promise<KnownSession | null>;
  /** Always a new one: a token that was there before sign-in is worth nothing after it. */
  open(entry: {
    accountId: string;
    method: SignInMethod;
    name: string;
    address: string;
  }): Promise<{ token: string; session: SessionRecord }>;
  list(accountId: string, current: string | null): Promise<Device[]>;
  remove(accountId: string, id: string): Promise<boolean>;
  removeByMethod(accountId: string, method: SignInMethod): Promise<void>;
  watch: SessionWatch["watch"];
}

export function createSessions(deps: SessionDeps): Sessions {
  const { store, clock } = deps;
  const watch = watchSessions(store, clock);
  return {
    authenticate: (token) => authenticate(deps, token),
    async open(entry) {
      const now = clock.now();
      const id = uuidv7(now);
      const secret = newSecret();
      const session: SessionRecord = {
        ...entry,
        id,
        hmac: keyedHash(deps.pepper, "session", secret),
        previousHmac: null,
        previousUntil: null,
        rotatedAt: now,
        createdAt: now,
        seenAt: now,
        expiresAt: now + SESSION_TIMES.longestMs,
      };
      await store.add(session, now - SESSION_TIMES.unusedMs);
      return { token: sessionToken(id, secret), session };
    },
    async list(accountId, current) {
      const sessions = await store.list(accountId);
      return sessions
        .filter((session) => !isOver(session, clock.now()))
        .map((session) => toDevice(session, current));
    },
    async remove(accountId, id) {
      const removed = await store.remove(accountId, id);
      if (removed) watch.end([id]);
      return removed;
    },
    async removeByMethod(accountId, method) {
      watch.end(await store.removeByMethod(accountId, method));
    },
    watch: watch.watch,
  };
}

async function authenticate(deps: SessionDeps, token: string): Promise<KnownSession | null> {
  const { store, pepper, clock } = deps;
  const parsed = parseSessionToken(token);
  const session = parsed === null ? null : await store.find(parsed.id);
  if (parsed === null || session === null) return null;
  const now = clock.now();
  const given = keyedHash(pepper, "session", parsed.secret);
  const verdict = judgeSession(session, given, now);
  if (verdict.kind === "refused") return null;
  if (verdict.kind === "stolen") {
    await deps.onStolen(session);
    return null;
  }
  if (verdict.confirm) await store.confirm(session.id, now + SESSION_TIMES.graceMs);
  if (verdict.touch) await store.touch([session.id], now);
  const freshToken = verdict.rotate ? await rotate(deps, session, given, now) : null;
  return { caller: callerOf(deps, session), freshToken };
}

function callerOf({ pepper }: SessionDeps, session: SessionRecord): Caller {
  const { id, accountId, method, expiresAt } = session;
  return {
    accountId,
    keyId: id,
    session: { id, method, expiresAt, csrf: csrfToken(pepper, id) },
  };
}

/** Null when a request beside this one has done it already. */
async function rotate(
  { store, pepper }: SessionDeps,
  { id, hmac }: SessionRecord,
  given: Uint8Array,
  now: number,
): Promise<string | null> {
  const secret = newSecret();
  const done = await store.rotate(id, hmac, keyedHash(pepper, "session", secret), given, now);
  return done ? sessionToken(id, secret) : null;
}

function toDevice(session: SessionRecord, current: string | null): Device {
  const { id, name, address, method, createdAt, seenAt, expiresAt } = session;
  const iso = (at: number) => new Date(at).toISOString();
  return {
    id,
    name,
    address,
    method,
    createdAt: iso(createdAt),
    lastSeenAt: iso(seenAt),
    expiresAt: iso(Math.min(expiresAt, seenAt + SESSION_TIMES.unusedMs)),
    current: id === current,
  };
}
