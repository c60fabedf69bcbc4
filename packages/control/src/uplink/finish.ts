import type { Finished, Outcome } from "@agency/contract";
import type { AttemptAccess, SupervisedTask, TaskStore } from "@agency/core";
import { fencedError } from "./runner-access.ts";

export type FinishAnswer = { accepted: true } | { accepted: false; have: number };

/** Takes the outcome only when everything the runner said is stored; else says how much is. */
export async function finish(
  deps: { tasks: TaskStore; now: () => number },
  access: AttemptAccess,
  input: Finished,
): Promise<FinishAnswer> {
  const task = await deps.tasks.load(access.taskId);
  if (!task?.attempt || task.attempt.epoch !== access.epoch) throw fencedError(access.epoch);
  if (task.attempt.runnerSeq !== input.finalSeq) return { accepted: false, have: task.attempt.runnerSeq };
  const outcome = truthful(input.outcome, access, task);
  const applied = await deps.tasks.apply(
    task.id,
    { kind: "finalize", epoch: access.epoch, outcome },
    deps.now(),
  );
  if (applied.ok) return { accepted: true };
  // A repeated `finished` whose first answer was lost.
  if (applied.error.code === "not_now" && task.snapshot.state === "finishing") return { accepted: true };
  throw fencedError(access.epoch);
}

/** The engine only sees its model call refused; that the budget is why, the broker knows. */
function truthful(outcome: Outcome, access: AttemptAccess, { spec }: SupervisedTask): Outcome {
  // A task that waits for money is never refused any: it failed of something else.
  const broke = outcome.state === "failed" && spec.onBudget === "stop" && access.costUsd >= access.budgetUsd;
  return broke ? { ...outcome, reason: "budget_exceeded" } : outcome;
}
