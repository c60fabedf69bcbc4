import type { Clock } from "@agency/core";

/** One wait at a time, named by what is waited for. */
export interface Pause {
  /** Goes on with the same wait when that is already going on; another wait is given up. */
  wait(name: string, ms: number, then: () => void): void;
  cancel(): void;
}

export function createPause(clock: Clock): Pause {
  let current: { name: string; stop: AbortController } | undefined;
  const cancel = (): void => {
    current?.stop.abort();
    current = undefined;
  };
  return {
    wait(name, ms, then) {
      if (current?.name === name) return;
      cancel();
      const waiting = { name, stop: new AbortController() };
      current = waiting;
      const { signal } = waiting.stop;
      void clock.sleep(ms, signal).then(() => {
        if (signal.aborted) return;
        current = undefined;
        then();
      });
    },
    cancel,
  };
}
