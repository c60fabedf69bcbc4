import { AgencyError } from "@agency/contract";
import type { KeepSandbox, Task } from "@agency/contract";
import type {
  AttemptStore,
  KeepOutcome,
  Logger,
  Provider,
  SandboxRecord,
  SupervisedTask,
  TaskStore,
} from "@agency/core";
import { warnOnce } from "../delivery/say.ts";
import type { SayDeps } from "../delivery/say.ts";
import { getTask } from "../tasks/manage-task.ts";

const DESTROY_MS = 30_000;

/** How long, and how many, by the installation's settings. */
export interface KeepBounds {
  readonly longestMs: number;
  readonly most: number;
}

export interface KeepDeps {
  tasks: TaskStore;
  attempts: AttemptStore;
  providers: ReadonlyMap<string, Provider>;
  logger: Logger;
  keepBounds: KeepBounds;
  now: () => number;
}

/** Refuses what the installation does not allow; null when nothing is to be kept. */
export function keepMsOf(asked: number | "longest" | undefined, { longestMs }: KeepBounds): number | null {
  if (asked === undefined) return null;
  if (asked === "longest") return longestMs;
  if (asked <= longestMs) return asked;
  throw new AgencyError("invalid_request", tooLong(longestMs), {
    next: "Ask for less, or set AGENCY_MAX_KEEP on the server.",
  });
}

/** Asked when a task is made: it should not find out at its end that there is no room. */
export async function checkRoomToKeep(
  tasks: Pick<TaskStore, "keptCount">,
  accountId: string,
  { most }: KeepBounds,
): Promise<void> {
  if ((await tasks.keptCount(accountId)) >= most) throw noRoom(most);
}

function noRoom(most: number): AgencyError {
  return new AgencyError("conflict", `${most} sandboxes are kept or promised already: that is the most.`, {
    next: "Let one go with `agency release ID`, or set AGENCY_MAX_KEPT on the server.",
  });
}

export async function keepTask(
  deps: KeepDeps,
  accountId: string,
  id: string,
  input: KeepSandbox,
): Promise<Task> {
  const { longestMs, most } = deps.keepBounds;
  const set = "ms" in input ? keepMsOf(input.ms, deps.keepBounds) : null;
  const change = (leftMs: number): number | { problem: string } => {
    const ms = set ?? leftMs + ("addMs" in input ? input.addMs : 0);
    return ms <= longestMs ? ms : { problem: tooLong(longestMs) };
  };
  const outcome = await deps.tasks.keep(accountId, id, change, deps.now(), most);
  if (outcome.kind === "full") throw noRoom(most);
  return kept(outcome, id);
}

/** Ends a kept sandbox now; of a task that is not over, it will not be kept. */
export async function releaseTask(deps: KeepDeps, accountId: string, id: string): Promise<Task> {
  const { most } = deps.keepBounds;
  const released = await deps.tasks.keep(accountId, id, () => null, deps.now(), most);
  // Nothing is promised by letting go.
  if (released.kind === "gone" || released.kind === "full") return getTask(deps, accountId, id);
  const task = kept(released, id);
  const sandbox = (await deps.tasks.load(id))?.attempt?.sandbox;
  if (task.finishedAt !== null && sandbox !== undefined) await endSandbox(deps, sandbox);
  return getTask(deps, accountId, id);
}

function kept(outcome: Exclude<KeepOutcome, { kind: "full" }>, id: string): Task {
  switch (outcome.kind) {
    case "kept":
      return outcome.task;
    case "not_found":
      throw new AgencyError("not_found", `There is no task ${id}.`, {
        next: "See the list with `agency ls`.",
      });
    case "gone":
      throw new AgencyError("task_finished", `Task ${id} is over and its sandbox was not kept.`, {
        next: "Run it with --keep 2h to keep the sandbox.",
      });
    case "invalid":
      throw new AgencyError("invalid_request", outcome.problem);
  }
}

/** True when the sandbox of a task that ends now stays. */
export async function keepAtEnd(
  deps: Pick<KeepDeps, "attempts" | "logger" | "keepBounds" | "now"> & SayDeps,
  task: SupervisedTask,
): Promise<boolean> {
  const { keepMs } = task.spec;
  const sandbox = task.attempt?.sandbox;
  const outcome = task.snapshot.attempt?.outcome;
  if (keepMs === null || !sandbox?.ref || !outcome || !isKeptAfter(task, outcome.state)) return false;
  const { most } = deps.keepBounds;
  if (await deps.attempts.keepSandbox(sandbox.id, deps.now() + keepMs, most)) return true;
  deps.logger.warn({ taskId: task.id }, "a sandbox could not be kept: there are too many");
  const text = `The sandbox was to be kept, but is not: ${most} are kept already, which is the most, or it is gone.`;
  await warnOnce(deps, task, text);
  return false;
}

/** Whoever stops a task does not want to look into it; asked again when the sandbox is really to stay. */
export function isKeptAfter(
  { spec, snapshot }: Pick<SupervisedTask, "spec" | "snapshot">,
  state: "completed" | "failed" | "cancelled",
): boolean {
  return spec.keepMs !== null && state !== "cancelled" && snapshot.desired === "run";
}

/** Those whose time is over, whoever promised it. */
export async function endKeptSandboxes(
  deps: Pick<KeepDeps, "attempts" | "providers" | "logger">,
): Promise<number> {
  let ended = 0;
  for (const provider of deps.providers.values()) {
    for (const sandbox of await deps.attempts.keptTooLong(provider.id)) {
      await endSandbox(deps, sandbox);
      ended += 1;
    }
  }
  return ended;
}

/** Idempotent. What cannot be ended now is not kept any more, and the reaper tries again. */
export async function endSandbox(
  { attempts, providers, logger }: Pick<KeepDeps, "attempts" | "providers" | "logger">,
  sandbox: SandboxRecord,
): Promise<void> {
  const { state, discard } = sandbox;
  if (!sandbox.ref || state === "discarded" || (state === "deleted" && !discard)) return;
  try {
    await attempts.dropSandbox(sandbox.id);
    await attempts.setSandbox(sandbox.id, "deleting", sandbox.ref);
    const signal = AbortSignal.timeout(DESTROY_MS);
    const provider = providers.get(sandbox.provider);
    await provider?.destroy(sandbox.ref, signal);
    if (sandbox.discard) await provider?.discard(sandbox.ref, signal);
    await attempts.setSandbox(sandbox.id, sandbox.discard ? "discarded" : "deleted", sandbox.ref);
  } catch (error) {
    logger.warn({ err: error, sandboxId: sandbox.id }, "a sandbox could not be destroyed yet");
  }
}

function tooLong(longestMs: number): string {
  return `A sandbox is kept for at most ${Math.round(longestMs / 360_000) / 10} hours here.`;
}
