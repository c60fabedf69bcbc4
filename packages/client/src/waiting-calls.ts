import { taskSchema } from "@agency/contract";
import type { ChangeLimitsInput, GiveAnswer, Task } from "@agency/contract";
import { taskPath } from "./calls.ts";
import type { Call } from "./calls.ts";
import { call } from "./connection.ts";
import type { Connection } from "./connection.ts";

/** What lets a task that waits go on, and what makes one wait. */
export interface WaitingCalls {
  pauseTask(id: string, options?: Call): Promise<Task>;
  resumeTask(id: string, options?: Call): Promise<Task>;
  answerTask(id: string, answer: GiveAnswer, options?: Call): Promise<Task>;
  changeLimits(id: string, change: ChangeLimitsInput, options?: Call): Promise<Task>;
}

export function waitingCalls(connection: Connection): WaitingCalls {
  const post = (path: string, body: unknown, { signal }: Call) =>
    call(connection, { method: "POST", path, body, signal }, taskSchema);
  return {
    pauseTask: (id, options = {}) => post(`${taskPath(id)}/pause`, undefined, options),
    resumeTask: (id, options = {}) => post(`${taskPath(id)}/resume`, undefined, options),
    answerTask: (id, body, options = {}) => post(`${taskPath(id)}/answers`, body, options),
    changeLimits: (id, body, { signal } = {}) =>
      call(connection, { method: "PATCH", path: `${taskPath(id)}/limits`, body, signal }, taskSchema),
  };
}
