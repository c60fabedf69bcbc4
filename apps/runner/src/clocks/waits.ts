import { MAX_WAIT_MS } from "@agency/contract";
import type { RunState } from "./run-state.ts";

/** Told again while it waits, a task goes on waiting; only whether the agent stands still may change. */
export function beginWait(state: RunState, pause: boolean, now: number): void {
  state.waitingSince ??= now;
  state.paused = pause;
}

export function endWait(state: RunState, now: number): void {
  if (state.waitingSince !== null) {
    state.waitedMs += now - state.waitingSince;
    state.lastProgressAt = now;
    if (state.draining !== null) state.draining = { ...state.draining, since: now };
  }
  state.waitingSince = null;
  state.paused = false;
  state.clearedUsd = state.costUsd;
}

/** When the run's time is up: time spent waiting is not counted, but all the waiting together has a limit too. */
export function wallEnd(state: RunState): number {
  return state.waitingSince === null
    ? state.startedAt + state.limits.wallMs + state.waitedMs
    : state.waitingSince + Math.max(0, MAX_WAIT_MS - state.waitedMs);
}
