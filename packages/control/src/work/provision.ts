import { MAX_WAIT_MS, MAX_WALL_MS } from "@agency/contract";
import type { Logger, Metrics, Provider, ResourceLimits, SandboxRef, SupervisedTask } from "@agency/core";
import { ProviderError } from "@agency/core";
import type { AttemptStore, EndCause } from "@agency/core";
import type { Tokens } from "../access/tokens.ts";
import { foldersInside, lendFolders } from "./lend-folders.ts";
import type { FolderDeps } from "./lend-folders.ts";

export interface ProvisionDeps extends FolderDeps {
  attempts: AttemptStore;
  providers: ReadonlyMap<string, Provider>;
  tokens: Tokens;
  resources: ResourceLimits;
  installId: string;
  metrics: Metrics;
  logger: Logger;
  now: () => number;
}

export type Provisioned =
  | { ok: true; ref: SandboxRef }
  | { ok: false; cause: EndCause; message: string; final: boolean };

/** After the run's own wall clock, time to deliver and say goodbye. */
const AFTERLIFE_MS = 10 * 60_000;
/** The last resort when nobody is left to end it: time limits can be raised, and waiting does not count in them. */
const LONGEST_LIFE_MS = MAX_WALL_MS + MAX_WAIT_MS + AFTERLIFE_MS;

/** Makes the attempt's sandbox. Repeating it after a crash finds or finishes the same one. */
export async function provision(
  deps: ProvisionDeps,
  task: SupervisedTask,
  signal: AbortSignal,
): Promise<Provisioned> {
  const { attempt } = task;
  const provider = deps.providers.get(task.provider);
  if (attempt === null || provider === undefined) {
    return {
      ok: false,
      cause: "sandbox_unavailable",
      message: `There is no provider "${task.provider}" here.`,
      final: true,
    };
  }
  const { sandbox } = attempt;
  const startedAt = deps.now();
  const helloBy = startedAt + task.spec.limits.wallMs + AFTERLIFE_MS;
  try {
    await deps.attempts.setSandbox(sandbox.id, "creating", sandbox.ref);
    const mounts = await lendFolders(deps, provider, task, signal);
    const ref = await provider.create(
      {
        id: sandbox.id,
        generation: sandbox.generation,
        labels: { "agency-install": deps.installId, "agency-sandbox": sandbox.id, "agency-task": task.id },
        deadlineAt: new Date(startedAt + LONGEST_LIFE_MS).toISOString(),
        resources: deps.resources,
        bootstrap: {
          v: 1,
          taskId: task.id,
          epoch: task.snapshot.epoch,
          token: deps.tokens.issue("boot", attempt.id),
          doorDir: "/run/agency/door",
          deadlineAt: new Date(helloBy).toISOString(),
          ...foldersInside(mounts),
        },
        ...(mounts.length === 0 ? {} : { mounts }),
      },
      { signal, onRef: (found) => deps.attempts.setSandbox(sandbox.id, "creating", found) },
    );
    await deps.attempts.setSandbox(sandbox.id, "active", ref);
    deps.metrics.sandboxStarted(task.provider, deps.now() - startedAt);
    return { ok: true, ref };
  } catch (error) {
    deps.logger.warn({ err: error, taskId: task.id, sandboxId: sandbox.id }, "the sandbox could not be made");
    return failure(error);
  }
}

const hopeless = new Set(["auth", "invalid", "unavailable", "quota"]);

function failure(error: unknown): Provisioned {
  const known = error instanceof ProviderError;
  const message = error instanceof Error ? error.message : String(error);
  return { ok: false, cause: "sandbox_unavailable", message, final: known && hopeless.has(error.kind) };
}
