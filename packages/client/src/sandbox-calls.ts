import { taskSchema } from "@agency/contract";
import type { Task } from "@agency/contract";
import { taskPath } from "./calls.ts";
import type { Call } from "./calls.ts";
import { call } from "./connection.ts";
import type { Connection } from "./connection.ts";

/** What becomes of a sandbox when its task is over. */
export interface SandboxCalls {
  /** `ms` from now, or from its end; `addMs` longer than it is now. */
  keepSandbox(
    id: string,
    keep: { ms: number | "longest" } | { addMs: number },
    options?: Call,
  ): Promise<Task>;
  releaseSandbox(id: string, options?: Call): Promise<Task>;
}

export function sandboxCalls(connection: Connection): SandboxCalls {
  const path = (id: string) => `${taskPath(id)}/keep`;
  return {
    keepSandbox: (id, body, { signal } = {}) =>
      call(connection, { method: "PUT", path: path(id), body, signal }, taskSchema),
    releaseSandbox: (id, { signal } = {}) =>
      call(connection, { method: "DELETE", path: path(id), signal }, taskSchema),
  };
}
