import { AgencyError, CSRF_HEADER } from "@agency/contract";
import type {
  ApiKeyInfo,
  ClaimPairing,
  CreatedApiKey,
  DecidePairing,
  Device,
  Me,
  Pairing,
  PairingState,
  SetPassword,
  SignInByLink,
  SignInByPassword,
  SignInLink,
  StartedPairing,
  StartPairing,
} from "@agency/contract";
import { actorOf } from "../access/api-keys.ts";
import type { Caller } from "../access/api-keys.ts";
import { note } from "./deps.ts";
import type { Entered, SignInDeps, SignInWork, Visitor } from "./deps.ts";
import { createPairingClaims, decidePairing, findPairing, startPairing } from "./pairing.ts";
import { csrfToken } from "./session-token.ts";
import { createSessions } from "./sessions.ts";
import type { KnownSession } from "./sessions.ts";
import { watchApiKeys } from "./session-watch.ts";
import type { SessionWatch, WatchedSession } from "./session-watch.ts";
import { createTries } from "./tries.ts";
import { byLink, byPassword, createLink, setPassword } from "./ways-in.ts";

/** Browsers of people: how they come in, who they are then, and how they are shown out. */
export interface SignIn {
  hasPassword(): Promise<boolean>;
  byLink(input: SignInByLink, visitor: Visitor): Promise<Entered>;
  byPassword(input: SignInByPassword, visitor: Visitor): Promise<Entered>;
  startPairing(input: StartPairing, visitor: Visitor): Promise<StartedPairing>;
  claimPairing(input: ClaimPairing, visitor: Visitor, signal?: AbortSignal): Promise<Entered | PairingState>;
  /** Null for anything that is not a live session. */
  authenticate(token: string): Promise<KnownSession | null>;
  callerOf(entered: Entered): Caller;
  me(caller: Caller, version: string): Promise<Me>;
  createLink(caller: Caller): Promise<SignInLink>;
  findPairing(caller: Caller, code: string): Promise<Pairing>;
  decidePairing(caller: Caller, input: DecidePairing): Promise<Pairing>;
  setPassword(caller: Caller, input: SetPassword): Promise<void>;
  devices(caller: Caller): Promise<Device[]>;
  revokeDevice(caller: Caller, id: string): Promise<void>;
  signOut(caller: Caller): Promise<void>;
  apiKeys(caller: Caller): Promise<ApiKeyInfo[]>;
  createApiKey(caller: Caller, name: string): Promise<CreatedApiKey>;
  revokeApiKey(caller: Caller, id: string): Promise<void>;
  /** For what outlives a request: it is to end with the session or the key it came with. */
  watch(caller: Caller): WatchedSession;
}

export function createSignIn(deps: SignInDeps): SignIn {
  const { pepper, clock, ways } = deps;
  const live = createSessions({
    store: deps.sessions,
    pepper,
    clock,
    onStolen: (session) => endStolen(work, session),
  });
  const work: SignInWork = { ...deps, live, tries: createTries(ways, clock.now) };
  const claims = createPairingClaims();
  const keyWatch = watchApiKeys(deps.apiKeys, clock);
  return {
    hasPassword: async () => (await ways.password(deps.accountId)) !== null,
    byLink: (input, visitor) => byLink(work, input, visitor),
    byPassword: (input, visitor) => byPassword(work, input, visitor),
    startPairing: (input, visitor) => startPairing(work, input, visitor),
    claimPairing: (input, visitor, signal) => claims.claim(work, input, visitor, signal),
    authenticate: live.authenticate,
    callerOf: ({ session: { id, accountId, method, expiresAt } }) => ({
      accountId,
      keyId: id,
      session: { id, method, expiresAt, csrf: csrfToken(pepper, id) },
    }),
    me: (caller, version) => me(work, caller, version),
    createLink: (caller) => createLink(work, caller),
    findPairing: (caller, code) => findPairing(work, caller, code),
    decidePairing: (caller, input) => decidePairing(work, caller, input),
    setPassword: (caller, input) => setPassword(work, caller, input),
    watch: ({ keyId, session }) => (session === undefined ? keyWatch.watch(keyId) : live.watch(session.id)),
    ...devices(work),
    ...apiKeys(work, keyWatch),
  };
}

async function me({ ways }: SignInWork, caller: Caller, version: string): Promise<Me> {
  const { accountId, keyId, session } = caller;
  const [name, hash] = await Promise.all([ways.accountName(accountId), ways.password(accountId)]);
  const about = { account: { id: accountId, name }, passwordSet: hash !== null, version };
  if (session === undefined) return { ...about, by: { kind: "key", keyId }, csrf: null };
  const expiresAt = new Date(session.expiresAt).toISOString();
  return {
    ...about,
    by: { kind: "session", deviceId: session.id, method: session.method, expiresAt },
    csrf: { header: CSRF_HEADER, token: session.csrf },
  };
}

async function endStolen(work: SignInWork, { accountId, id, name }: Entered["session"]): Promise<void> {
  await work.live.remove(accountId, id);
  await note(work, {
    accountId,
    actor: "server",
    action: "session.stolen",
    target: id,
    detail: { device: name },
  });
}

function devices(work: SignInWork): Pick<SignIn, "devices" | "revokeDevice" | "signOut"> {
  const { live } = work;
  return {
    devices: (caller) => live.list(caller.accountId, caller.session?.id ?? null),
    async revokeDevice(caller, id) {
      const { accountId } = caller;
      if (!(await live.remove(accountId, id))) {
        throw new AgencyError("not_found", `There is no device ${id}.`, {
          next: "See the list with `agency devices ls`.",
        });
      }
      await note(work, { accountId, actor: actorOf(caller), action: "device.revoke", target: id });
    },
    async signOut(caller) {
      const { accountId, session } = caller;
      if (session === undefined || !(await live.remove(accountId, session.id))) return;
      await note(work, { accountId, actor: actorOf(caller), action: "session.end", target: session.id });
    },
  };
}

function apiKeys(
  work: SignInWork,
  watch: Pick<SessionWatch, "end">,
): Pick<SignIn, "apiKeys" | "createApiKey" | "revokeApiKey"> {
  return {
    async apiKeys({ accountId }) {
      const rows = await work.apiKeys.list(accountId);
      return rows.map((row) => ({ ...row, createdAt: new Date(row.createdAt).toISOString() }));
    },
    async createApiKey(caller, name) {
      const { accountId } = caller;
      const key = await work.keys.create(accountId, name, work.clock.now());
      const id = key.slice("agk_".length, "agk_".length + 36);
      const detail = { name };
      await note(work, { accountId, actor: actorOf(caller), action: "key.create", target: id, detail });
      return { id, key };
    },
    async revokeApiKey(caller, id) {
      const { accountId } = caller;
      if (!(await work.apiKeys.revoke(accountId, id)))
        throw new AgencyError("not_found", `There is no key ${id} that could be revoked.`);
      work.keys.forget(id);
      watch.end([id]);
      await note(work, { accountId, actor: actorOf(caller), action: "key.revoke", target: id });
    },
  };
}
