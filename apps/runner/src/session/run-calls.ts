import { decideModelCall } from "../clocks/decide-model-call.ts";
import type { RunState } from "../clocks/run-state.ts";
import type { ProgressTracker } from "../clocks/track-progress.ts";
import type { ModelCalls } from "../forwarder/model-calls.ts";
import type { Recorder } from "../journal/recorder.ts";
import { createSignal } from "../process/signal.ts";

export interface RunCallsOptions {
  state: RunState;
  progress: ProgressTracker;
  recorder: Recorder;
  /** The state changed in a way that may bring a deadline forward. */
  poke: () => void;
}

/** What the run says to each model call before it leaves the sandbox. */
export function createRunCalls({ state, progress, recorder, poke }: RunCallsOptions): ModelCalls {
  /** Said once for each budget. */
  let saidOf: number | null = null;

  function sayHeld(): void {
    if (saidOf === state.limits.costUsd) return;
    saidOf = state.limits.costUsd;
    const text = `The agent has spent about $${state.costUsd.toFixed(2)} of its budget of $${saidOf.toFixed(2)}: its model calls wait until there is more.`;
    void recorder.record({ type: "notice", data: { level: "warn", text } });
  }

  return {
    open: () => progress.open(),
    again: createSignal(),
    mayGo() {
      const decision = decideModelCall(state);
      if (decision.kind === "stop") {
        state.exhausted = decision.reason;
        poke();
      }
      if (decision.kind === "hold" && decision.why === "budget") sayHeld();
      return decision.kind === "send";
    },
  };
}
