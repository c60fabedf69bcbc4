import { isLiveAttempt } from "@agency/core";
import type { Clock, Logger, SupervisedTask } from "@agency/core";

const CHARGE_EVERY_MS = 30_000;

export interface ComputeMeterDeps {
  clock: Clock;
  /** Puts the computing time up to now on the task's bill, and says whether that used up its budget. */
  chargeCompute?: (task: SupervisedTask, options: { final: boolean }) => Promise<{ overBudget: boolean }>;
}

export interface ComputeMeter {
  /**
   * Charges now and then while the attempt lives. True only right after a charge that went over: by the next one
   * there may be money again.
   */
  tick(task: SupervisedTask): Promise<boolean>;
  /** The last charge, just before the sandbox goes. */
  close(task: SupervisedTask): Promise<void>;
}

/** A charge that cannot be made is made with the next one: it always reaches back to the last that was. */
export function createComputeMeter(deps: ComputeMeterDeps, log: Logger): ComputeMeter {
  let chargedAt = Number.NEGATIVE_INFINITY;

  const charge = async (task: SupervisedTask, final: boolean): Promise<boolean> => {
    chargedAt = deps.clock.now();
    try {
      return (await deps.chargeCompute?.(task, { final }))?.overBudget ?? false;
    } catch (error) {
      log.warn({ err: error }, "computing time could not be charged yet");
      return false;
    }
  };

  return {
    async tick(task) {
      const { attempt } = task.snapshot;
      if (attempt === null || !isLiveAttempt(attempt.state) || !hasSandbox(task)) return false;
      return deps.clock.now() - chargedAt >= CHARGE_EVERY_MS ? charge(task, false) : false;
    },
    async close(task) {
      if (hasSandbox(task)) await charge(task, true);
    },
  };
}

/** One that was deleted has been charged to its end. */
function hasSandbox({ attempt }: SupervisedTask): boolean {
  if (!attempt?.sandbox.ref) return false;
  return attempt.sandbox.state !== "deleted" && attempt.sandbox.state !== "discarded";
}
