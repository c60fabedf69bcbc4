import type { Limits } from "@agency/contract";

/** Why the runner ends a run that did not end by itself. */
export type StopReason = "cancelled" | "timeout" | "silence" | "turns" | "drained" | "dead_man";

export interface Stopping {
  readonly reason: StopReason;
  readonly since: number;
  readonly killedAt: number | null;
  readonly abandoned: boolean;
}

/** What the clocks need to know of a run. Times are those of the runner's own monotonic clock. */
export interface RunState {
  stage: "setup" | "engine" | "finishing";
  /** When the last stage began. */
  stageSince: number;
  limits: Limits;
  readonly startedAt: number;
  /** The last sign of work: an engine event, a tool call or a model request that ended. */
  lastProgressAt: number;
  /** Open tool calls and model requests, and waits of our own: all count as progress. */
  openWork: number;
  /** Model responses so far. */
  turns: number;
  cancelled: boolean;
  /** The last answer of the control plane. */
  lastContactAt: number;
  readonly deadManMs: number;
  /** Since when the engine has no more input, and how long it may take to end by itself. */
  draining: { readonly since: number; readonly forMs: number } | null;
  stopping: Stopping | null;
}
