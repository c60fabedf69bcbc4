import { AgencyError } from "@agency/contract";
import type { ListTasks, SendMessage, Task } from "@agency/contract";
import { isTerminal } from "@agency/core";
import type { Provider, SandboxRecord, Storage, TaskStore } from "@agency/core";
import { uuidv7 } from "../ids.ts";

/** How long a runner may take to stop softly before it is cut off. */
const CANCEL_GRACE_MS = 5_000;

export interface ManageDeps {
  tasks: TaskStore;
  storage: Storage;
  providers: ReadonlyMap<string, Provider>;
  now: () => number;
}

export async function getTask(deps: Pick<ManageDeps, "tasks">, accountId: string, id: string): Promise<Task> {
  const task = await deps.tasks.get(accountId, id);
  if (task === null) throw notFound(id);
  return task;
}

export function listTasks(deps: Pick<ManageDeps, "tasks">, accountId: string, query: ListTasks) {
  return deps.tasks.list(accountId, query);
}

export async function cancelTask(deps: ManageDeps, accountId: string, id: string): Promise<Task> {
  await getTask(deps, accountId, id);
  const outcome = await deps.tasks.apply(id, { kind: "cancel", graceMs: CANCEL_GRACE_MS }, deps.now());
  if (!outcome.ok && outcome.error.code === "missing") throw notFound(id);
  // Stopping what has ended already is not an error: the wish is fulfilled.
  return getTask(deps, accountId, id);
}

export async function sendMessage(
  deps: ManageDeps,
  accountId: string,
  id: string,
  input: SendMessage,
): Promise<{ id: string }> {
  const message = { id: uuidv7(deps.now()), text: input.text, mode: input.mode };
  switch (await deps.tasks.addMessage(accountId, id, message)) {
    case "sent":
      return { id: message.id };
    case "not_found":
      throw notFound(id);
    case "finished":
      throw new AgencyError("task_finished", `Task ${id} has ended and takes no more messages.`, {
        next: "Start a new task.",
      });
  }
}

export async function deleteTask(deps: ManageDeps, accountId: string, id: string): Promise<void> {
  await getTask(deps, accountId, id);
  // Asked again when it is deleted; but until it is, nothing of it may be gone.
  const by = await deps.tasks.neededBy(id);
  if (by !== null) throw needed(id, by);
  // The files first: when that fails, the task is still there to be deleted again.
  const task = await deps.tasks.load(id);
  if (task !== null && isTerminal(task.snapshot.state)) await discard(deps, task.attempt?.sandbox);
  const outcome = await deps.tasks.delete(accountId, id);
  if (outcome.kind !== "deleted") {
    if (outcome.kind === "not_found") throw notFound(id);
    if (outcome.kind === "needed") throw needed(id, outcome.by);
    throw new AgencyError("conflict", `Task ${id} is still alive.`, {
      next: "Stop it first, then delete it.",
    });
  }
  await deps.storage.deletePrefix(`tasks/${id}`);
  for (const sandbox of outcome.sandboxes) await discard(deps, sandbox);
}

function needed(id: string, by: string): AgencyError {
  return new AgencyError("conflict", `Task ${id} holds the checkpoint that task ${by} goes on from.`, {
    next: `Delete it when ${by} has ended.`,
  });
}

async function discard(deps: ManageDeps, sandbox: SandboxRecord | undefined): Promise<void> {
  if (sandbox?.ref)
    await deps.providers.get(sandbox.provider)?.discard(sandbox.ref, AbortSignal.timeout(30_000));
}

function notFound(id: string): AgencyError {
  return new AgencyError("not_found", `There is no task ${id}.`, { next: "See the list with `agency ls`." });
}
