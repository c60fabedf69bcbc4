import { wallEnd } from "./waits.ts";
import type { RunState, Stopping, StopReason } from "./run-state.ts";

/**
 * From the order to stop until the engine's process tree is killed. A cancelled run must be over within 2 s;
 * one at its wall limit within the 15 s the control plane waits before it ends the attempt itself.
 */
const SOFT_MS: Record<StopReason, number> = {
  cancelled: 500,
  timeout: 3000,
  silence: 3000,
  turns: 3000,
  budget: 3000,
  output: 3000,
  drained: 0,
  dead_man: 3000,
};
/** From the kill until the engine is left behind: the end of the sandbox takes what is left. */
const ABANDON_MS: Record<StopReason, number> = {
  cancelled: 700,
  timeout: 2000,
  silence: 2000,
  turns: 2000,
  budget: 2000,
  output: 2000,
  drained: 2000,
  dead_man: 2000,
};

/** A control plane that answers but never takes the result must not keep a sandbox for ever. */
const FINISHING_DEAD_MANS = 3;

export type Decision =
  | { readonly kind: "wait"; readonly until: number }
  | { readonly kind: "stop"; readonly reason: StopReason }
  | { readonly kind: "kill" }
  | { readonly kind: "abandon" }
  /** Nobody is there to take the result: leave. */
  | { readonly kind: "leave" };

/** The runner's own clocks: a pure answer to "what now?", independent of the control plane. */
export function decideRun(state: RunState, now: number): Decision {
  if (state.stage !== "setup" && state.stage !== "engine") return decideFinishing(state, now);
  if (state.stopping !== null) return decideStopping(state.stopping, now);
  const due = dueStops(state).toSorted((a, b) => a.at - b.at)[0];
  if (due === undefined) return { kind: "wait", until: Number.POSITIVE_INFINITY };
  return due.at <= now ? { kind: "stop", reason: due.reason } : { kind: "wait", until: due.at };
}

function decideFinishing(state: RunState, now: number): Decision {
  const goneAt = state.lastContactAt + state.deadManMs;
  // The steps of delivery have limits of their own, and may take longer. A kept sandbox has nothing to hand in.
  const neverTakenAt =
    state.stage !== "finishing" || state.storing > 0
      ? Number.POSITIVE_INFINITY
      : state.stageSince + state.deadManMs * FINISHING_DEAD_MANS;
  const deadAt = Math.min(goneAt, neverTakenAt);
  return deadAt <= now ? { kind: "leave" } : { kind: "wait", until: deadAt };
}

function decideStopping(stopping: Stopping, now: number): Decision {
  if (stopping.abandoned) return { kind: "wait", until: Number.POSITIVE_INFINITY };
  if (stopping.killedAt === null) {
    const killAt = stopping.since + SOFT_MS[stopping.reason];
    return killAt <= now ? { kind: "kill" } : { kind: "wait", until: killAt };
  }
  const abandonAt = stopping.killedAt + ABANDON_MS[stopping.reason];
  return abandonAt <= now ? { kind: "abandon" } : { kind: "wait", until: abandonAt };
}

function dueStops(state: RunState): { reason: StopReason; at: number }[] {
  const due: { reason: StopReason; at: number }[] = [
    { reason: "dead_man", at: state.lastContactAt + state.deadManMs },
    { reason: "timeout", at: wallEnd(state) },
  ];
  if (state.cancelled) due.push({ reason: "cancelled", at: Number.NEGATIVE_INFINITY });
  if (state.exhausted !== null) due.push({ reason: state.exhausted, at: Number.NEGATIVE_INFINITY });
  if (state.stage !== "engine") return due;
  if (state.turns > state.limits.turns) due.push({ reason: "turns", at: Number.NEGATIVE_INFINITY });
  // Nothing is expected of an agent whose task waits: only a lost control plane or too long a wait ends it.
  if (state.waitingSince !== null) return due;
  if (state.openWork === 0)
    due.push({ reason: "silence", at: state.lastProgressAt + state.limits.silenceMs });
  if (state.draining) due.push({ reason: "drained", at: state.draining.since + state.draining.forMs });
  return due;
}
