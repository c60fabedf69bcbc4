import { compareSecretNames, gitAuthorization, vendorOfSecret } from "@agency/core";
import type { ApiCaller, ApiCredential, Credentials, ModelCredential, TaskSpec } from "@agency/core";
import { createGitCredential } from "./git-credential.ts";
import type { GitCredentialDeps } from "./git-credential.ts";
import { recogniseSecret } from "./recognise-secret.ts";
import type { ServerSecret } from "./server-secrets.ts";
import { createTimedCache } from "./timed-cache.ts";
import { KNOWN_FOR_MS } from "./vault.ts";
import type { OpenSecret, Vault } from "./vault.ts";

export interface CredentialDeps extends GitCredentialDeps {
  vault: Vault;
  serverSecrets: readonly ServerSecret[];
  tasks: TaskLookup;
}

/** What decides whose secrets a task uses. It never changes in a task's life. */
interface TaskLookup {
  load(
    taskId: string,
  ): Promise<{ readonly accountId: string; readonly spec: Pick<TaskSpec, "project" | "demo"> } | null>;
}

export interface CredentialBook extends Credentials {
  /** Asked at submit, so that nobody waits for a run that cannot start. */
  hasModel(accountId: string, project: string | null, vendor: string): Promise<boolean>;
}

interface Level {
  /** Said behind a name that may be there at several levels. */
  readonly where: string;
  readonly secrets: readonly OpenSecret[];
}

export function createCredentials(deps: CredentialDeps): CredentialBook {
  const { vault } = deps;
  const tasks = createTimedCache<TaskFacts | null>(KNOWN_FOR_MS, deps.now);
  const gitCredential = createGitCredential(deps);
  const server = deps.serverSecrets.map((secret) => ({ ...secret, project: "" }));

  async function outerLevels(accountId: string, project: string | null): Promise<Level[]> {
    const stored = await vault.ofAccount(accountId);
    const of = (wanted: string) => stored.filter((secret) => secret.project === wanted);
    return [
      ...(project === null ? [] : [{ where: ` (project ${project})`, secrets: of(project) }]),
      { where: "", secrets: of("") },
      { where: " (server)", secrets: server },
    ];
  }

  /** The nearest first. A task of another account has none at all. */
  async function levels({ taskId, accountId }: { taskId: string; accountId: string }): Promise<{
    levels: Level[];
    demo: boolean;
  }> {
    const task = await tasks.get(taskId, () => factsOf(deps.tasks, taskId));
    if (task === null || task.accountId !== accountId) return { levels: [], demo: false };
    const [own, outer] = await Promise.all([
      vault.ofTask(accountId, taskId),
      outerLevels(accountId, task.project),
    ]);
    return { levels: [{ where: " (task)", secrets: own }, ...outer], demo: task.demo };
  }

  async function apiLevels(caller: ApiCaller): Promise<Level[]> {
    if ("taskId" in caller) return (await levels(caller)).levels;
    const own = Object.entries(caller.secrets).map(([name, given]): OpenSecret => {
      const { value, kind } = recogniseSecret(name, { value: given });
      return { name, value, project: "", kind };
    });
    return [{ where: " (task)", secrets: own }, ...(await outerLevels(caller.accountId, caller.project))];
  }

  return {
    async forModel(caller, vendor) {
      const found = await levels(caller);
      return found.demo ? [] : modelCredentials(found.levels, vendor);
    },
    async forGit(caller, repository) {
      const { host, path, write } = repository;
      const secrets = secretsOf((await levels(caller)).levels);
      const found = await gitCredential(secrets, { host, path, access: write ? "write" : "read" });
      return found === null ? null : gitAuthorization(found.value, found.github);
    },
    async forApi(caller, { host, path }) {
      const found = await gitCredential(secretsOf(await apiLevels(caller)), { host, path, access: "api" });
      return found === null ? null : apiCredential(found.value);
    },
    async hasModel(accountId, project, vendor) {
      const secrets = (await outerLevels(accountId, project)).flatMap((level) => level.secrets);
      return secrets.some((secret) => vendorOfSecret(secret.name) === vendor);
    },
  };
}

function secretsOf(levels: readonly Level[]): (readonly OpenSecret[])[] {
  return levels.map((level) => level.secrets);
}

function apiCredential(value: string): ApiCredential {
  const [, user, token] = /^([^:]*):(.*)$/s.exec(value) ?? [];
  return user === undefined || token === undefined ? { user: null, token: value } : { user, token };
}

interface TaskFacts {
  readonly accountId: string;
  readonly project: string | null;
  readonly demo: boolean;
}

async function factsOf(tasks: TaskLookup, taskId: string): Promise<TaskFacts | null> {
  const task = await tasks.load(taskId);
  if (task === null) return null;
  return { accountId: task.accountId, project: task.spec.project, demo: task.spec.demo };
}

function modelCredentials(levels: readonly Level[], vendor: string): ModelCredential[] {
  const wanted = levels.flatMap(({ where, secrets }) =>
    secrets
      .filter((secret) => vendorOfSecret(secret.name) === vendor)
      .toSorted((a, b) => compareSecretNames(a.name, b.name))
      .map((secret) => ({ ...secret, name: `${secret.name}${where}` })),
  );
  const known = new Set<string>();
  const found: ModelCredential[] = [];
  for (const secret of wanted) {
    // The same value under a second name is used up together with the first.
    if (!("value" in secret) || known.has(secret.value)) continue;
    known.add(secret.value);
    found.push({
      name: secret.name,
      kind: secret.kind === "oauth" ? "oauth" : "api_key",
      value: secret.value,
    });
  }
  if (found.length === 0) {
    const broken = wanted.find((secret) => "problem" in secret);
    if (broken !== undefined && "problem" in broken) throw broken.problem;
  }
  return found;
}
