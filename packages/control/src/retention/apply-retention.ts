import type { Logger, RetentionPart, RetentionStore, RetentionTimes } from "@agency/core";
import { timesOf } from "./account-retention.ts";

const TASKS_AT_ONCE = 100;
const PARTS: readonly RetentionPart[] = ["events", "artifacts", "checkpoints"];

export interface ApplyRetentionDeps {
  retention: Pick<RetentionStore, "accounts" | "due" | "expire">;
  /** Where an account has not said anything else. */
  defaults: RetentionTimes;
  logger: Logger;
}

/** Lets go what every account no longer wants kept; returns of how many tasks something went. */
export async function applyRetention(
  deps: ApplyRetentionDeps,
  now: number,
  signal: AbortSignal,
): Promise<number> {
  let gone = 0;
  for (const { id, own } of await deps.retention.accounts()) {
    const times = timesOf(deps.defaults, own);
    for (const part of PARTS) gone += await applyPart(deps, id, { part, ms: times[part] }, now, signal);
  }
  if (gone > 0) deps.logger.info({ gone }, "what was kept long enough is gone");
  return gone;
}

async function applyPart(
  { retention }: ApplyRetentionDeps,
  accountId: string,
  { part, ms }: { part: RetentionPart; ms: number | null },
  now: number,
  signal: AbortSignal,
): Promise<number> {
  if (ms === null) return 0;
  let gone = 0;
  let before: string[] = [];
  while (!signal.aborted) {
    const ids = await retention.due(accountId, part, now - ms, TASKS_AT_ONCE);
    for (const id of ids) if (await retention.expire(id, part, now)) gone += 1;
    // The same again: each is needed by a task that came meanwhile. They stay due.
    if (ids.length < TASKS_AT_ONCE || ids.join() === before.join()) break;
    before = ids;
  }
  return gone;
}
