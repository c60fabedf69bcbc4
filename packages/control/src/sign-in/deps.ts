import type { SignInMethod } from "@agency/contract";
import type {
  ApiKeyStore,
  AuditLog,
  Clock,
  PairingStore,
  SessionRecord,
  SessionStore,
  WayInStore,
} from "@agency/core";
import type { ApiKeys } from "../access/api-keys.ts";
import { uuidv7 } from "../ids.ts";
import { deviceName } from "./device-name.ts";
import type { Passwords } from "./password.ts";
import type { Sessions } from "./sessions.ts";
import type { Tries } from "./tries.ts";

export interface SignInDeps {
  sessions: SessionStore;
  pairings: PairingStore;
  ways: WayInStore;
  apiKeys: ApiKeyStore;
  /** Makes keys. */
  keys: Pick<ApiKeys, "create" | "forget">;
  audit: Pick<AuditLog, "add">;
  passwords: Passwords;
  pepper: Uint8Array;
  clock: Clock;
  /** Whose password it is, and whose log a try belongs to that names nobody. */
  accountId: string;
}

/** Somebody at the door, as far as the server itself saw. */
export interface Visitor {
  address: string;
  userAgent: string;
}

export interface Entered {
  token: string;
  session: SessionRecord;
}

/** What the parts of signing in share. */
export interface SignInWork extends SignInDeps {
  live: Sessions;
  tries: Tries;
}

export interface AuditFacts {
  accountId?: string;
  actor: string;
  action: string;
  target: string;
  detail?: Record<string, string>;
}

export async function note(deps: Pick<SignInDeps, "audit" | "clock" | "accountId">, facts: AuditFacts) {
  const at = deps.clock.now();
  await deps.audit.add({ id: uuidv7(at), accountId: deps.accountId, detail: {}, at, ...facts });
}

export function nameOf(visitor: Visitor, given: string | undefined): string {
  return given ?? deviceName(visitor.userAgent);
}

/** The last step of every way in. */
export async function enter(
  work: SignInWork,
  entry: { accountId: string; method: SignInMethod; name: string; address: string },
): Promise<Entered> {
  const entered = await work.live.open(entry);
  const { accountId, method, name, address } = entry;
  await note(work, {
    accountId,
    actor: `device ${entered.session.id}`,
    action: "session.start",
    target: entered.session.id,
    detail: { method, device: name, address },
  });
  return entered;
}

export async function noteFailure(work: SignInWork, method: SignInMethod, address: string): Promise<void> {
  if (!(await work.tries.worthNoting(method, address))) return;
  await note(work, { actor: "unknown", action: "session.refused", target: method, detail: { address } });
}
