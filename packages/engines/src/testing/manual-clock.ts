import type { Clock } from "@agency/core";

export interface ManualClock extends Clock {
  /** Lets time pass, and everything happen that was waiting for it. */
  advance(ms: number): Promise<void>;
}

export function createManualClock(): ManualClock {
  let now = 0;
  let sleepers: { at: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((wake) => {
        sleepers.push({ at: now + ms, wake });
        signal?.addEventListener("abort", () => wake(), { once: true });
      }),
    async advance(ms) {
      now += ms;
      for (const sleeper of sleepers) if (sleeper.at <= now) sleeper.wake();
      sleepers = sleepers.filter(({ at }) => at > now);
      // What was woken goes on in a microtask of its own.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
