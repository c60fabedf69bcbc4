import { AgencyError } from "@agency/contract";
import type { ListTasks, SendMessage, Task } from "@agency/contract";
import type { AuditRow, Logger, Provider, Storage, TaskStore } from "@agency/core";
import { uuidv7 } from "../ids.ts";
import { carryOut } from "../retention/remove.ts";
import type { RemoveDeps } from "../retention/remove.ts";

export interface ManageDeps {
  tasks: TaskStore;
  storage: Storage;
  providers: ReadonlyMap<string, Provider>;
  now: () => number;
}

/** Shorter than what another server waits before it takes the removal up. */
const CARRY_OUT_MS = 5_000;

export interface DeleteDeps extends Pick<ManageDeps, "tasks" | "now">, RemoveDeps {
  logger: Pick<Logger, "warn">;
}

export async function getTask(
  deps: { tasks: Pick<TaskStore, "get"> },
  accountId: string,
  id: string,
): Promise<Task> {
  const task = await deps.tasks.get(accountId, id);
  if (task === null) throw notFound(id);
  return task;
}

export function listTasks(deps: Pick<ManageDeps, "tasks">, accountId: string, query: ListTasks) {
  return deps.tasks.list(accountId, query);
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

/** From the first transaction on it is gone for everybody; what cannot be removed now is removed later. */
export async function deleteTask(deps: DeleteDeps, accountId: string, id: string, by: string): Promise<void> {
  await getTask(deps, accountId, id);
  const audit = deletedRow(accountId, id, by, deps.now());
  const outcome = await deps.tasks.delete(accountId, id, audit);
  if (outcome.kind !== "deleted") {
    if (outcome.kind === "not_found") throw notFound(id);
    if (outcome.kind === "needed") throw needed(id, outcome.by);
    throw new AgencyError("conflict", `Task ${id} is still alive.`, {
      next: "Stop it first, then delete it.",
    });
  }
  try {
    await carryOut(deps, outcome.removal, AbortSignal.timeout(CARRY_OUT_MS));
  } catch (error) {
    deps.logger.warn({ err: error, taskId: id }, "a deleted task left something over; it is removed later");
  }
}

function deletedRow(accountId: string, id: string, actor: string, at: number): AuditRow {
  return { id: uuidv7(at), accountId, actor, action: "task.delete", target: `task ${id}`, detail: {}, at };
}

function needed(id: string, by: string): AgencyError {
  return new AgencyError("conflict", `Task ${id} holds the checkpoint that task ${by} goes on from.`, {
    next: `Delete it when ${by} has ended.`,
  });
}

function notFound(id: string): AgencyError {
  return new AgencyError("not_found", `There is no task ${id}.`, { next: "See the list with `agency ls`." });
}
