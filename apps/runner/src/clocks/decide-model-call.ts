import type { RunState } from "./run-state.ts";

export type ModelCallDecision =
  | { readonly kind: "send" }
  /** Not now: the engine's request is kept until something changes. */
  | { readonly kind: "hold"; readonly why: "ending" | "paused" | "budget" }
  /** The run is to end before this call. */
  | { readonly kind: "stop"; readonly reason: "turns" | "budget" };

/**
 * What our own reckoning may be off by before it stops a run that the broker, who counts exactly, lets go on: prices
 * are rounded up for every response.
 */
const SLACK = 1.05;
const SLACK_USD = 0.01;

/** The runner's own line of defence for turns and money, which holds without the control plane. */
export function decideModelCall(state: RunState): ModelCallDecision {
  if (state.exhausted !== null) return { kind: "hold", why: "ending" };
  if (state.turns >= state.limits.turns) return { kind: "stop", reason: "turns" };
  if (state.paused) return { kind: "hold", why: "paused" };
  const most = Math.max(state.limits.costUsd, state.clearedUsd) * SLACK + SLACK_USD;
  if (state.costUsd <= most) return { kind: "send" };
  return state.onBudget === "stop" ? { kind: "stop", reason: "budget" } : { kind: "hold", why: "budget" };
}
