import type { CostStore, SupervisedTask } from "@agency/core";
import { uuidv7 } from "../ids.ts";

export interface ChargeComputeDeps {
  costs: Pick<CostStore, "charge">;
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
  return { overBudget: (total ?? task.costUsd) >= task.spec.limits.costUsd };
}
