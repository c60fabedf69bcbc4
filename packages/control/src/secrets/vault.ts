import { isAgencyError } from "@agency/contract";
import type { AgencyError } from "@agency/contract";
import { knownSecret, secretKind, storedPlace, taskPlace } from "@agency/core";
import type { SecretKind, SecretStore, Secret } from "@agency/core";
import type { KeyRing } from "./key-ring.ts";
import { createTimedCache } from "./timed-cache.ts";

/** A secret as the brokers use it: or why it does not open. One that does not stops none of the others. */
export type OpenSecret = {
  readonly name: string;
  /** Empty: the whole account's. */
  readonly project: string;
  readonly kind: SecretKind;
} & ({ readonly value: string } | { readonly problem: AgencyError });

/** Stored secrets, opened, in memory for a moment: a request to a model must not wait for the database. */
export interface Vault {
  ofAccount(accountId: string): Promise<readonly OpenSecret[]>;
  ofTask(accountId: string, taskId: string): Promise<readonly OpenSecret[]>;
  /** Something of this account was changed by this process. Others see it after `KNOWN_FOR_MS`. */
  forget(accountId: string): void;
}

export const KNOWN_FOR_MS = 30_000;

export interface VaultDeps {
  store: SecretStore;
  ring: KeyRing;
  /** Told of every value that is in memory now: no log may show it. */
  onOpened?: (secrets: readonly Secret[]) => void;
  now: () => number;
}

export function createVault(deps: VaultDeps): Vault {
  const { store, ring } = deps;
  const told = (secrets: readonly OpenSecret[]): readonly OpenSecret[] => {
    deps.onOpened?.(secrets.flatMap(hiddenSecret));
    return secrets;
  };
  const accounts = createTimedCache<readonly OpenSecret[]>(KNOWN_FOR_MS, deps.now);
  const tasks = createTimedCache<readonly OpenSecret[]>(KNOWN_FOR_MS, deps.now);
  return {
    ofAccount: (accountId) =>
      accounts.get(accountId, async () =>
        told(
          (await store.list(accountId)).map((row) => {
            const { name, project, kind } = row;
            return { name, project, kind, ...opened(() => ring.open(row.secret, storedPlace(row))) };
          }),
        ),
      ),
    ofTask: (accountId, taskId) =>
      tasks.get(`${accountId} ${taskId}`, async () =>
        told(
          (await store.ofTask(taskId)).map(({ name, secret }) => {
            const result = opened(() => ring.open(secret, taskPlace({ accountId, taskId, name })));
            return { name, project: "", kind: kindOf(name, result), ...result };
          }),
        ),
      ),
    forget: (accountId) => accounts.delete(accountId),
  };
}

/** An app's id is public, and short enough to blot out ordinary numbers. */
export function hiddenSecret(secret: OpenSecret): Secret[] {
  return "value" in secret && secret.name !== "GITHUB_APP_ID"
    ? [{ name: secret.name, value: secret.value }]
    : [];
}

type Opened = { readonly value: string } | { readonly problem: AgencyError };

function opened(open: () => string): Opened {
  try {
    return { value: open() };
  } catch (error) {
    if (isAgencyError(error)) return { problem: error };
    throw error;
  }
}

/** The kind of a task's secret is not stored: its value tells. */
function kindOf(name: string, result: Opened): SecretKind {
  const known = knownSecret(name);
  if ("problem" in known) return "token";
  return secretKind(known, "value" in result ? result.value : "");
}
