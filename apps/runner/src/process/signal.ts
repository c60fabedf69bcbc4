/** Wakes everyone who waits. Check, then wait, without a pause between: no wake-up is lost. */
export interface Signal {
  fire(): void;
  wait(): Promise<void>;
}

export function createSignal(): Signal {
  let gate = Promise.withResolvers<void>();
  return {
    fire() {
      gate.resolve();
      gate = Promise.withResolvers<void>();
    },
    wait: () => gate.promise,
  };
}

/** Waits until `done` says yes or the signal aborts. */
export async function waitUntil(signal: Signal, abort: AbortSignal, done: () => boolean): Promise<void> {
  const wake = (): void => signal.fire();
  abort.addEventListener("abort", wake);
  try {
    while (!done() && !abort.aborted) await signal.wait();
  } finally {
    abort.removeEventListener("abort", wake);
  }
}
