import type { Limits, WorkOrder } from "@agency/contract";

/** Why the runner ends a run that did not end by itself. */
export type StopReason =
  | "cancelled"
  | "timeout"
  | "silence"
  | "turns"
  | "budget"
  | "output"
  | "drained"
  | "dead_man";

export interface Stopping {
  readonly reason: StopReason;
  readonly since: number;
  readonly killedAt: number | null;
  readonly abandoned: boolean;
}

/** What the clocks need to know of a run. Times are those of the runner's own monotonic clock. */
export interface RunState {
  stage: "setup" | "engine" | "delivering" | "finishing" | "kept";
  /** When the last stage began. */
  stageSince: number;
  limits: Limits;
  readonly onBudget: WorkOrder["onBudget"];
  readonly startedAt: number;
  /** The last sign of work: an engine event, a tool call or a model request that ended. */
  lastProgressAt: number;
  /** Open tool calls and model requests, and waits of our own: all count as progress. */
  openWork: number;
  /** Model responses so far. */
  turns: number;
  /** Our own reckoning of what they cost, from what the engine says. What counts is what the broker saw. */
  costUsd: number;
  /** What had been spent when the control plane last said to go on: its word is better than our reckoning. */
  clearedUsd: number;
  /** A limit that is used up: the run ends, and no model call is made any more. */
  exhausted: "turns" | "budget" | "output" | null;
  /** Since when the task waits, as the control plane says; null while it does not. */
  waitingSince: number | null;
  /** Time spent in waits that are over. */
  waitedMs: number;
  /** The wait is one in which the agent itself must stand still. */
  paused: boolean;
  cancelled: boolean;
  /** The last answer of the control plane. */
  lastContactAt: number;
  /** How long it goes on without one. */
  deadManMs: number;
  /** Since when the engine has no more input, and how long it may take to end by itself. */
  draining: { readonly since: number; readonly forMs: number } | null;
  stopping: Stopping | null;
  /** Under way to storage when the engine has ended: it is waited for. */
  storing: number;
}

export function firstState(
  order: Pick<WorkOrder, "limits" | "onBudget">,
  now: number,
  deadManMs: number,
): RunState {
  return {
    stage: "setup",
    stageSince: now,
    limits: order.limits,
    onBudget: order.onBudget,
    startedAt: now,
    lastProgressAt: now,
    openWork: 0,
    turns: 0,
    costUsd: 0,
    clearedUsd: 0,
    exhausted: null,
    waitingSince: null,
    waitedMs: 0,
    paused: false,
    cancelled: false,
    lastContactAt: now,
    deadManMs,
    draining: null,
    stopping: null,
    storing: 0,
  };
}
