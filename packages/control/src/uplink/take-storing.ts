import type { AttemptAccess, TaskStore } from "@agency/core";
import { fencedError } from "./runner-access.ts";

/** Longer than an upload's place in storage is kept, nobody waits for it either. */
const STORING_MS = 24 * 3_600_000;

/** The agent has ended; the sandbox stays until the files are stored, or nobody wants them any more. */
export async function takeStoring(
  deps: { tasks: Pick<TaskStore, "apply">; now: () => number },
  { taskId, epoch }: AttemptAccess,
): Promise<void> {
  const now = deps.now();
  const since = new Date(now).toISOString();
  const message = `Its files are being stored since ${since}, and its sandbox is kept until they are. To throw away what is not stored yet: \`agency stop ${taskId} --discard\`.`;
  const command = { kind: "storing", epoch, forMs: STORING_MS, message } as const;
  const applied = await deps.tasks.apply(taskId, command, now);
  // Said again because its answer was lost.
  if (!applied.ok && applied.error.code !== "not_now") throw fencedError(epoch);
}
