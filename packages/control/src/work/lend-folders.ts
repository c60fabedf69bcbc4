import type {
  DependencyCaches,
  Logger,
  Provider,
  RepositoryMirrors,
  SandboxMount,
  SupervisedTask,
} from "@agency/core";

export interface FolderDeps {
  /** Absent: turned off. */
  mirrors?: RepositoryMirrors | undefined;
  caches?: DependencyCaches | undefined;
  logger: Logger;
}

/** Where they are inside. */
const INSIDE = { mirror: "/opt/agency/mirror", caches: "/opt/agency/caches" } as const;

/** What makes the work on a repository faster. Without it the work is the same, so nothing here fails an attempt. */
export async function lendFolders(
  deps: FolderDeps,
  provider: Provider,
  task: SupervisedTask,
  signal: AbortSignal,
): Promise<SandboxMount[]> {
  const { repository } = task.spec;
  if (repository === null || (await provider.capabilities()).mounts !== true) return [];
  const { accountId, snapshot } = task;
  const caller = { taskId: task.id, accountId, epoch: snapshot.epoch };
  const [mirror, caches] = await Promise.all([
    quietly(deps, task, () => deps.mirrors?.lend(caller, repository.url, signal)),
    quietly(deps, task, () => deps.caches?.lend(accountId, repository.url)),
  ]);
  return [
    ...(mirror === null ? [] : [mount("mirror", mirror, true)]),
    ...(caches === null ? [] : [mount("caches", caches, false)]),
  ];
}

/** Said to the runner, which has no other way to know. */
export function foldersInside(mounts: readonly SandboxMount[]): { mirror?: string; caches?: string } {
  return Object.fromEntries(mounts.map(({ name, target }) => [name, target]));
}

/** After an attempt that ended in order: what was cut off may be half written. */
export async function returnCaches(
  deps: FolderDeps & { providers: ReadonlyMap<string, Provider> },
  task: SupervisedTask,
): Promise<void> {
  const { repository } = task.spec;
  const ref = task.attempt?.sandbox.ref;
  const provider = deps.providers.get(task.provider);
  const { caches } = deps;
  if (repository === null || !ref || provider?.mounted === undefined || caches === undefined) return;
  const folder = provider.mounted(ref, "caches");
  if (folder === null) return;
  await quietly(deps, task, async () => {
    // A sandbox that could not be destroyed yet may still write.
    const { phase } = await provider.observe(ref, AbortSignal.timeout(10_000));
    if (phase === "gone") await caches.takeBack(task.accountId, repository.url, folder);
  });
}

function mount(name: SandboxMount["name"], source: string, readOnly: boolean): SandboxMount {
  return { name, source, target: INSIDE[name], readOnly };
}

async function quietly<T>(
  { logger }: FolderDeps,
  task: SupervisedTask,
  work: () => Promise<T> | undefined,
): Promise<T | null> {
  try {
    return (await work()) ?? null;
  } catch (error) {
    logger.warn({ err: error, taskId: task.id }, "a folder that saves time could not be used");
    return null;
  }
}
