import type { Task } from "@agency/contract";

/** How long a run has worked, as its time limit counts: what it waited for people or money is left out. */
export function workedMs(
  { startedAt, finishedAt, waitedMs, waits }: Pick<Task, "startedAt" | "finishedAt" | "waitedMs" | "waits">,
  now: number,
): number {
  if (startedAt === null) return 0;
  const since = waits.map((wait) => new Date(wait.since).getTime());
  const end = finishedAt === null ? Math.min(now, ...since) : new Date(finishedAt).getTime();
  return Math.max(0, end - new Date(startedAt).getTime() - waitedMs);
}
