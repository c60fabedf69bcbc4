import { AgencyError } from "@agency/contract";
import { storedPlace, taskPlace } from "@agency/core";
import type { AuditLog, SealedSecret, SecretRow, SecretStore, TaskSecretRow } from "@agency/core";
import { uuidv7 } from "../ids.ts";
import type { KeyRing } from "./key-ring.ts";
import { newMasterKey, readMasterKeys, writeMasterKeys } from "./master-keys.ts";

export interface RotationDeps {
  store: SecretStore;
  audit: AuditLog;
  ring: KeyRing;
  /** The file of the master keys; null when they come from AGENCY_MASTER_KEY. */
  masterKeyFile: string | null;
  now: () => number;
}

export interface Rotation {
  rewrapped: number;
  keyId: string;
}

export type RotateSecrets = (accountId: string, by: string) => Promise<Rotation>;

/**
 * What was sealed a moment ago may still be on its way into the database, where nobody can see it yet: its key stays
 * and goes with a later rotation.
 */
const SETTLED_MS = 2 * 60_000;

/**
 * A new master key on top of the file, everything wrapped anew, then the keys that nothing is wrapped with any more
 * go. At every moment the file holds every key that something is wrapped with, so a crash loses nothing.
 */
export function createRotation(deps: RotationDeps): RotateSecrets {
  let last: Promise<unknown> = Promise.resolve();
  return (accountId, by) => {
    const next = last.then(() => rotate(deps, accountId, by));
    // Two at once would each write the file as they first read it.
    last = next.catch(() => {});
    return next;
  };
}

async function rotate(deps: RotationDeps, accountId: string, by: string): Promise<Rotation> {
  await addKey(deps);
  const keyId = deps.ring.newest();
  const stored = await rewrapAll(storedSecrets(deps));
  const ofTasks = await rewrapAll(taskSecrets(deps));
  await dropUnused(deps);
  const rewrapped = stored.rewrapped + ofTasks.rewrapped;
  const unreadable = [...stored.unreadable, ...ofTasks.unreadable];
  await deps.audit.add({
    id: uuidv7(deps.now()),
    accountId,
    actor: by,
    action: "secret.rotate",
    target: keyId,
    detail: { rewrapped: String(rewrapped), unreadable: String(unreadable.length) },
    at: deps.now(),
  });
  if (unreadable.length > 0) throw leftBehind(accountId, unreadable, rewrapped);
  return { rewrapped, keyId };
}

async function addKey({ ring, masterKeyFile, now }: RotationDeps): Promise<void> {
  if (masterKeyFile === null) return;
  const keys = [newMasterKey(now()), ...((await readMasterKeys(masterKeyFile)) ?? [])];
  await writeMasterKeys(masterKeyFile, keys);
  ring.use(keys);
}

async function dropUnused({ store, ring, masterKeyFile, now }: RotationDeps): Promise<void> {
  if (masterKeyFile === null) return;
  const used = new Set(await store.keyIdsInUse());
  const onItsWay = (id: string) => (ring.lastSealedAt(id) ?? 0) > now() - SETTLED_MS;
  const keys = (await readMasterKeys(masterKeyFile)) ?? [];
  const kept = keys.filter(({ id }) => id === ring.newest() || used.has(id) || onItsWay(id));
  // The ring keeps them until the next start: a row that was read before it was wrapped anew still has to open.
  if (kept.length < keys.length) await writeMasterKeys(masterKeyFile, kept);
}

interface Shelf<R extends { readonly accountId: string; readonly name: string }> {
  page(after: R | null): Promise<R[]>;
  rewrap(row: R): SealedSecret;
  save(row: R): Promise<void>;
}

const PAGE = 100;

function storedSecrets({ store, ring }: RotationDeps): Shelf<SecretRow> {
  return {
    page: (after) => store.wrappedWithOther(ring.newest(), PAGE, after),
    rewrap: (row) => ring.rewrap(row.secret, storedPlace(row)),
    save: (row) => store.rewrap(row),
  };
}

function taskSecrets({ store, ring }: RotationDeps): Shelf<TaskSecretRow> {
  return {
    page: (after) => store.taskSecretsWrappedWithOther(ring.newest(), PAGE, after),
    rewrap: (row) => ring.rewrap(row.secret, taskPlace(row)),
    save: (row) => store.rewrapTaskSecret(row),
  };
}

interface Named {
  readonly accountId: string;
  readonly name: string;
}

/** One that does not open stops none of the others. */
async function rewrapAll<R extends Named & { readonly secret: SealedSecret }>(
  shelf: Shelf<R>,
): Promise<{ rewrapped: number; unreadable: Named[] }> {
  const unreadable: Named[] = [];
  let rewrapped = 0;
  for (let page = await shelf.page(null); page.length > 0; page = await shelf.page(page.at(-1) ?? null)) {
    for (const row of page) {
      const secret = tryRewrap(shelf, row);
      if (secret === null) unreadable.push(row);
      else await shelf.save({ ...row, secret });
      if (secret !== null) rewrapped += 1;
    }
  }
  return { rewrapped, unreadable };
}

function tryRewrap<R extends Named>(shelf: Shelf<R>, row: R): SealedSecret | null {
  try {
    return shelf.rewrap(row);
  } catch {
    return null;
  }
}

function leftBehind(accountId: string, unreadable: readonly Named[], rewrapped: number): AgencyError {
  const own = unreadable.filter((row) => row.accountId === accountId).map((row) => row.name);
  const names = own.length === 0 ? "" : `: ${[...new Set(own)].join(", ")}`;
  return new AgencyError(
    "conflict",
    `${unreadable.length} secrets did not open and stay as they were${names}. The other ${rewrapped} are sealed anew.`,
    { next: "Bring back the master key they were sealed with, or store them again." },
  );
}
