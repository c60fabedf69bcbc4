import { isAgencyError } from "@agency/contract";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";

/** Resumed tasks go on from tasks that do: nobody has more of them in a row. */
const MOST = 200;

/** The task and those it goes on from, the nearest first, as far as they are not deleted. */
export async function* lineOf(client: Client, task: Task, signal: AbortSignal): AsyncGenerator<Task, void> {
  let at: Task | null = task;
  for (let before = 0; at !== null && before < MOST; before += 1) {
    yield at;
    at = at.resumedFrom === null ? null : await orGone(client.getTask(at.resumedFrom.taskId, { signal }));
  }
}

/** Null: kept long enough, or deleted with its task. */
export async function orGone<T>(asked: Promise<T>): Promise<T | null> {
  return asked.catch((error: unknown) => {
    if (isGone(error)) return null;
    throw error;
  });
}

export function isGone(error: unknown): boolean {
  return isAgencyError(error) && (error.code === "expired" || error.code === "not_found");
}
