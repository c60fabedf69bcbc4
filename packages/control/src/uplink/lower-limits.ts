import type { Limits, LowerLimits } from "@agency/contract";
import type { AttemptAccess, EventStore, TaskStore } from "@agency/core";
import { fencedError } from "./runner-access.ts";

const BY = "the repository";

export interface LowerLimitsDeps {
  tasks: Pick<TaskStore, "changeLimits" | "get">;
  events: Pick<EventStore, "read">;
  now: () => number;
}

/**
 * What the repository of a task asks for, as its runner read it. It only ever lowers, so that a runner which is
 * hijacked can cut nobody short but itself; and only limits nobody has changed yet: what people said since stands, also
 * when a later attempt reads the same again.
 */
export async function lowerLimits(
  { tasks, events, now }: LowerLimitsDeps,
  { taskId, accountId, epoch }: AttemptAccess,
  asked: LowerLimits,
): Promise<Limits> {
  const { events: changes } = await events.read(taskId, 0, 1, ["limits"]);
  if (changes.length === 0) {
    const lower = (limits: Limits) => {
      const lowered = lowestOf(limits, asked);
      return lowered === null
        ? { ok: false as const, problem: "nothing is lower" }
        : { ok: true as const, limits: lowered };
    };
    const outcome = await tasks.changeLimits(accountId, taskId, lower, BY, now());
    if (outcome.kind === "changed") return outcome.task.limits;
  }
  const task = await tasks.get(accountId, taskId);
  if (task === null) throw fencedError(epoch);
  return task.limits;
}

/** Null: nothing of it is lower. */
export function lowestOf(limits: Limits, { wallMs, silenceMs, turns, costUsd }: LowerLimits): Limits | null {
  const lowest = {
    ...limits,
    wallMs: Math.min(limits.wallMs, wallMs ?? Number.POSITIVE_INFINITY),
    silenceMs: Math.min(limits.silenceMs, silenceMs ?? Number.POSITIVE_INFINITY),
    turns: Math.min(limits.turns, turns ?? Number.POSITIVE_INFINITY),
    costUsd: Math.min(limits.costUsd, costUsd ?? Number.POSITIVE_INFINITY),
  };
  const isLower =
    lowest.wallMs < limits.wallMs ||
    lowest.silenceMs < limits.silenceMs ||
    lowest.turns < limits.turns ||
    lowest.costUsd < limits.costUsd;
  return isLower ? lowest : null;
}
