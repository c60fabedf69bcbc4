import type { CostStore, SupervisedTask, TaskStore } from "@agency/core";
import { uuidv7 } from "../ids.ts";
import { overBudget } from "../model/over-budget.ts";

export interface ChargeComputeDeps {
  costs: Pick<CostStore, "charge" | "reserve" | "release">;
  tasks: Pick<TaskStore, "load" | "apply">;
  /** Dollars an hour of a sandbox; 0 where it costs nothing. */
  priceOf: (provider: string) => number;
  now: () => number;
}

/** One event a minute is enough to read; the rest of a minute is charged at the end. */
const STEP_MS = 60_000;
const SECOND_MS = 1_000;

/**
 * The time of the attempt's sandbox not charged yet. Time spent waiting counts as well: the sandbox is kept. Asked
 * at any time and by any process, no second counts twice. `final`: to the last whole second.
 */
export async function chargeCompute(
  deps: ChargeComputeDeps,
  task: SupervisedTask,
  { final = false } = {},
): Promise<{ overBudget: boolean }> {
  const usdPerHour = deps.priceOf(task.provider);
  const { attempt } = task;
  if (usdPerHour <= 0 || attempt === null) return { overBudget: false };
  const now = deps.now();
  const step = final ? SECOND_MS : STEP_MS;
  const charged = Math.floor(Math.max(0, now - attempt.createdAt) / step) * step;
  const total = await deps.costs.charge({
    id: uuidv7(now),
    accountId: task.accountId,
    taskId: task.id,
    epoch: attempt.epoch,
    provider: task.provider,
    sinceMs: attempt.createdAt,
    untilMs: attempt.createdAt + charged,
    usdPerHour,
  });
  const isOver = (total ?? task.costUsd) >= task.spec.limits.costUsd;
  if (total !== null && !final && !isOver) await keepOtherCaps(deps, task, attempt.epoch);
  return { overBudget: isOver };
}

/** Those of the trees and the account: a run that calls no model would never be told of them. */
async function keepOtherCaps(deps: ChargeComputeDeps, task: SupervisedTask, epoch: number): Promise<void> {
  if (task.snapshot.waits.some(({ reason }) => reason === "budget")) return;
  const at = deps.now();
  const id = uuidv7(at);
  const nothing = { vendor: "compute", model: "none", usd: 0, inputUsd: 0 };
  const asked = await deps.costs.reserve({ id, taskId: task.id, epoch, ...nothing, at });
  if (asked.ok) await deps.costs.release(id);
  else if (asked.scope !== "fenced" && !asked.onlyReserved)
    await overBudget(deps, { taskId: task.id, epoch }, asked);
}
