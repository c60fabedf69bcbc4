import { AgencyError } from "@agency/contract";
import type { SecretInfo, SetSecret } from "@agency/contract";
import { knownSecret, storedPlace } from "@agency/core";
import type { AuditRow, SecretRow, SecretStore } from "@agency/core";
import { uuidv7 } from "../ids.ts";
import { checkCredential } from "./check-credential.ts";
import type { VendorAddresses } from "./check-credential.ts";
import { appAt } from "./github-app-at.ts";
import type { KeyRing } from "./key-ring.ts";
import { recogniseSecret } from "./recognise-secret.ts";
import type { RecognisedSecret } from "./recognise-secret.ts";
import type { ServerSecret } from "./server-secrets.ts";
import type { Vault } from "./vault.ts";

export interface SecretDeps {
  store: SecretStore;
  ring: KeyRing;
  vault: Vault;
  vendors: VendorAddresses;
  serverSecrets: readonly ServerSecret[];
  now: () => number;
}

/** What is stored, and what the server brings itself. Never a value. */
export async function listSecrets(
  { store, serverSecrets }: Pick<SecretDeps, "store" | "serverSecrets">,
  accountId: string,
): Promise<SecretInfo[]> {
  const rows = await store.list(accountId);
  return [...rows.map(infoOf), ...serverSecrets.map(serverInfo)];
}

const TRIES = 3;

export async function setSecret(
  deps: SecretDeps,
  accountId: string,
  name: string,
  input: SetSecret,
  by: string,
): Promise<SecretInfo> {
  const recognised = recogniseSecret(name, input);
  const project = input.project ?? "";
  const target = { accountId, project, name };
  const checked = input.check ? await check(deps, target, recognised) : null;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const row = await sealed(deps, target, recognised, checked);
    const detail = { project, kind: row.kind, hint: row.hint, version: String(row.version) };
    if (await deps.store.put(row, auditOf(deps, target, "secret.set", by, detail))) {
      deps.vault.forget(accountId);
      return infoOf(row);
    }
  }
  throw new AgencyError("conflict", `${name} is being stored by several at once.`, {
    next: "Look at which one is there now, and try again.",
  });
}

export async function removeSecret(
  deps: Pick<SecretDeps, "store" | "vault" | "serverSecrets" | "now">,
  accountId: string,
  name: string,
  project: string | null,
  by: string,
): Promise<void> {
  const target = { accountId, project: project ?? "", name };
  const audit = auditOf(deps, target, "secret.remove", by, { project: target.project });
  if (await deps.store.remove(accountId, target.project, name, audit)) return deps.vault.forget(accountId);
  const ofServer = deps.serverSecrets.some((secret) => secret.name === name);
  throw new AgencyError("not_found", `There is no stored secret ${name}${inWords(project)}.`, {
    next: ofServer
      ? `The ${name} there is comes from the server's own environment or .env: remove it there.`
      : "See the list with `agency secrets ls`.",
  });
}

interface Target {
  readonly accountId: string;
  readonly project: string;
  readonly name: string;
}

async function sealed(
  { store, ring, now }: SecretDeps,
  target: Target,
  { value, kind, hint }: RecognisedSecret,
  checked: string | null,
): Promise<SecretRow> {
  const version = await store.nextVersion(target.accountId, target.project, target.name);
  const secret = ring.seal(value, storedPlace({ ...target, version }));
  return { ...target, version, kind, hint, secret, checked, updatedAt: now() };
}

/** The other half of a GitHub App is the one that is stored for the same project or account. */
async function check(
  { vendors, vault, now }: SecretDeps,
  { accountId, project, name }: Target,
  { value, kind }: RecognisedSecret,
): Promise<string> {
  const stored = kind === "app" ? await vault.ofAccount(accountId) : [];
  const near = stored.filter((secret) => secret.project === project && secret.name !== name);
  const app = appAt([...near, { name, project, kind, value }]);
  return checkCredential({ ...vendors, now }, { name, value, kind, app });
}

function auditOf(
  { now }: Pick<SecretDeps, "now">,
  { accountId, name }: Target,
  action: string,
  by: string,
  detail: Record<string, string>,
): AuditRow {
  const at = now();
  return { id: uuidv7(at), accountId, actor: by, action, target: name, detail, at };
}

function infoOf({ name, project, kind, hint, version, updatedAt, checked }: SecretRow): SecretInfo {
  return {
    name,
    project: project === "" ? null : project,
    kind,
    use: useOf(name),
    source: "stored",
    hint,
    version,
    updatedAt: new Date(updatedAt).toISOString(),
    checked,
  };
}

function serverInfo({ name, kind, hint }: ServerSecret): SecretInfo {
  const use = useOf(name);
  return {
    name,
    project: null,
    kind,
    use,
    source: "server",
    hint,
    version: 0,
    updatedAt: null,
    checked: null,
  };
}

/** A name of an older version may be known no more. */
function useOf(name: string): string {
  const known = knownSecret(name);
  return "problem" in known ? "Nothing any more." : known.use;
}

function inWords(project: string | null): string {
  return project === null ? "" : ` of the project ${project}`;
}
