import { AgencyError, isAgencyError } from "@agency/contract";
import type {
  Estimate,
  EstimateQuery,
  QueueInfo,
  Spend,
  SpendQuery,
  StoppedTasks,
  StopTasks,
} from "@agency/contract";
import type { OverviewStore, PastRun } from "@agency/core";
import { cancelTask } from "../tasks/cancel-task.ts";
import type { CancelDeps } from "../tasks/cancel-task.ts";

const DAY_MS = 86_400_000;
const DAYS_SHOWN = 30;
const MOST_DAYS = 366;
const FIRST_DAY = "2020-01-01";
/** Runs a spread is worked out from. */
const SAMPLE = 200;
/** Fewer than this say nothing: runs that are less alike are taken instead. */
const ENOUGH = 3;

export async function spend(
  store: Pick<OverviewStore, "spend">,
  accountId: string,
  query: SpendQuery,
  now: number,
): Promise<Spend> {
  const to = query.to ?? dayOf(now);
  const from =
    query.from ?? dayOf(Math.max(Date.parse(to) - (DAYS_SHOWN - 1) * DAY_MS, Date.parse(FIRST_DAY)));
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (from < FIRST_DAY || days < 1 || days > MOST_DAYS) {
    throw new AgencyError("invalid_request", `${from} to ${to} is not a span of 1 to ${MOST_DAYS} days.`, {
      next: `Give days from ${FIRST_DAY} on, the earlier one first.`,
    });
  }
  return store.spend(accountId, from, to);
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** From the runs that are most alike, of which there are enough. */
export async function estimate(
  store: Pick<OverviewStore, "pastRuns">,
  accountId: string,
  { repository, engine, model }: EstimateQuery,
): Promise<Estimate> {
  const alike: [Estimate["basis"], EstimateQuery | null][] = [
    ["repository", repository === undefined ? null : { repository, engine, model }],
    ["model", model === undefined ? null : { engine, model }],
    ["engine", engine === undefined ? null : { engine }],
    ["all", {}],
  ];
  let best: Estimate = { sample: 0, basis: null, costUsd: null, durationMs: null };
  for (const [basis, like] of alike) {
    const runs = like === null ? [] : await store.pastRuns(accountId, like, SAMPLE);
    if (runs.length > best.sample) best = estimateFrom(basis, runs);
    if (best.sample >= ENOUGH) return best;
  }
  return best;
}

function estimateFrom(basis: Estimate["basis"], runs: readonly PastRun[]): Estimate {
  return {
    basis,
    sample: runs.length,
    costUsd: spreadOf(runs.map(({ costUsd }) => costUsd)),
    durationMs: spreadOf(runs.map(({ durationMs }) => durationMs)),
  };
}

/** The nearest value that is there: nothing between two runs is made up. */
function spreadOf(values: readonly number[]): Estimate["costUsd"] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return sorted.length === 0 ? null : { p50: at(0.5), p90: at(0.9) };
}

export async function queueInfo(
  store: Pick<OverviewStore, "waitingForStart">,
  accountId: string,
  capacity: number,
  now: number,
): Promise<QueueInfo> {
  const { running, waiting } = await store.waitingForStart(accountId, now);
  const free = Math.max(0, capacity - running);
  return {
    running,
    capacity,
    waiting: waiting.map((task, index) => ({
      ...task,
      position: index + 1,
      reason: task.startsAt !== null ? "scheduled" : index < free ? "next" : "capacity",
    })),
  };
}

/** Each by itself: one that cannot be stopped keeps none of the others alive. */
export async function stopTasks(
  deps: CancelDeps,
  accountId: string,
  { ids }: StopTasks,
): Promise<StoppedTasks> {
  const stopped: string[] = [];
  const missing: string[] = [];
  for (const id of new Set(ids)) {
    try {
      await cancelTask(deps, accountId, id);
      stopped.push(id);
    } catch (error) {
      if (!isAgencyError(error) || error.code !== "not_found") throw error;
      missing.push(id);
    }
  }
  return { stopped, missing };
}
