import type { Task } from "@agency/contract";
import type { AttemptStore, Logger, Provider, TaskStore } from "@agency/core";
import { endSandbox } from "../work/keep-sandbox.ts";
import { getTask } from "./manage-task.ts";

/** How long a runner may take to stop softly before it is cut off. */
const CANCEL_GRACE_MS = 5_000;

export interface CancelDeps {
  tasks: Pick<TaskStore, "get" | "apply" | "load" | "discardSandbox">;
  attempts: AttemptStore;
  providers: ReadonlyMap<string, Provider>;
  logger: Logger;
  now: () => number;
}

/** discard: at once, and what it has made and not stored is not wanted. */
export async function cancelTask(
  deps: CancelDeps,
  accountId: string,
  id: string,
  { discard }: { discard: boolean } = { discard: false },
): Promise<Task> {
  await getTask(deps, accountId, id);
  const cancel = { kind: "cancel", graceMs: CANCEL_GRACE_MS, discard } as const;
  const outcome = await deps.tasks.apply(id, cancel, deps.now());
  // Stopping what has ended already is not an error: the wish is fulfilled, but for what stands of it.
  if (discard && !outcome.ok && outcome.error.code === "finished") await discardLeft(deps, id);
  return getTask(deps, accountId, id);
}

/** Its sandbox may be kept, or its files may have been left there. */
async function discardLeft(deps: CancelDeps, id: string): Promise<void> {
  await deps.tasks.discardSandbox(id);
  const sandbox = (await deps.tasks.load(id))?.attempt?.sandbox;
  if (sandbox !== undefined) await endSandbox(deps, sandbox);
}
