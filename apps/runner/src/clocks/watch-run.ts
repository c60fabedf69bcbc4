import type { Clock } from "@agency/core";
import { decideRun } from "./decide-run.ts";
import type { RunState, StopReason } from "./run-state.ts";

export interface WatchEffects {
  stop(reason: StopReason): void;
  kill(): void;
  abandon(): void;
  leave(): void;
}

export interface Watch {
  /** Something happened that may bring a deadline forward: look again now. */
  poke(): void;
  close(): void;
}

/** Carries out what `decideRun` says, and sleeps until it may say something else. */
export function watchRun(clock: Clock, state: RunState, effects: WatchEffects): Watch {
  let closed = false;
  let sleeping = new AbortController();

  async function watch(): Promise<void> {
    while (!closed) {
      const until = act();
      sleeping = new AbortController();
      if (until > clock.now()) await clock.sleep(until - clock.now(), sleeping.signal);
    }
  }

  function act(): number {
    const now = clock.now();
    const decision = decideRun(state, now);
    switch (decision.kind) {
      case "wait":
        return decision.until;
      case "stop":
        state.stopping = { reason: decision.reason, since: now, killedAt: null, abandoned: false };
        effects.stop(decision.reason);
        return now;
      case "kill":
        if (state.stopping) state.stopping = { ...state.stopping, killedAt: now };
        effects.kill();
        return now;
      case "abandon":
        if (state.stopping) state.stopping = { ...state.stopping, abandoned: true };
        effects.abandon();
        return now;
      case "leave":
        closed = true;
        effects.leave();
        return now;
    }
  }

  void watch();
  return {
    poke: () => sleeping.abort(),
    close() {
      closed = true;
      sleeping.abort();
    },
  };
}
