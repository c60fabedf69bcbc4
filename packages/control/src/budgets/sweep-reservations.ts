import type { CostStore, LeftReservation, Logger } from "@agency/core";
import { uuidv7 } from "../ids.ts";

export interface SweepDeps {
  costs: Pick<CostStore, "leftBefore" | "record" | "release">;
  logger: Logger;
}

/** Longer than any call: the broker ends one after an hour. */
const LONGEST_CALL_MS = 65 * 60_000;
const BATCH = 100;
/** No clock of this machine was ever that wrong. */
const DAY_MS = 86_400_000;

/**
 * Calls whose process died: nobody will tell what they used, so what they sent is charged and what was set aside is
 * free again. `all` when no other process can have one under way. Twice, or by two processes at once, is once.
 */
export async function sweepReservations(deps: SweepDeps, now: number, { all = false } = {}): Promise<number> {
  const cutoff = all ? now + DAY_MS : now - LONGEST_CALL_MS;
  for (let swept = 0; ;) {
    const left = await deps.costs.leftBefore(cutoff, BATCH);
    // Recorded first: a sweeper that dies in between leaves the reservation to the next one.
    for (const reservation of left) {
      await deps.costs.record(lostCall(reservation, now));
      await deps.costs.release(reservation.id);
    }
    swept += left.length;
    if (left.length === BATCH) continue;
    if (swept > 0) deps.logger.warn({ swept }, "charged the input of model calls whose end nobody saw");
    return swept;
  }
}

function lostCall(reservation: LeftReservation, now: number): Parameters<CostStore["record"]>[0] {
  const { id, accountId, taskId, epoch, vendor, model, inputUsd } = reservation;
  return {
    id: uuidv7(now),
    accountId,
    taskId,
    epoch,
    vendor,
    model,
    key: `lost/${id}`,
    usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    costUsd: inputUsd,
    estimated: true,
    partial: true,
    // The status of gateways for a connection that ended without an answer.
    status: 599,
    durationMs: 0,
    at: now,
  };
}
