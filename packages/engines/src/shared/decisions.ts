/** What a run waits for from outside: whether a call may run, what a person answers. */
export interface Decisions {
  /** How many are open. */
  readonly open: number;
  /**
   * Resolves with what was decided; with `otherwise` when the engine does not need it any more, when the run is over,
   * or when deciding failed. The signal tells whoever decides that nobody waits.
   */
  wait<T>(
    decide: (signal: AbortSignal) => Promise<T>,
    otherwise: (why: unknown) => T,
    unneeded?: AbortSignal,
  ): Promise<T>;
  /** The run is over: nothing is waited for, now or later. */
  giveUp(): void;
}

/** `onChange` is called when a decision is asked for, and when it is not open any more. */
export function createDecisions(onChange: () => void = () => undefined): Decisions {
  const over = new AbortController();
  let open = 0;
  return {
    get open() {
      return open;
    },
    async wait(decide, otherwise, unneeded) {
      const signal = unneeded === undefined ? over.signal : AbortSignal.any([over.signal, unneeded]);
      if (signal.aborted) return otherwise(signal.reason);
      open += 1;
      onChange();
      try {
        return await unlessAborted(decide(signal), signal);
      } catch (error) {
        return otherwise(error);
      } finally {
        open -= 1;
        onChange();
      }
    },
    giveUp: () => over.abort(),
  };
}

/** Whoever decides may never notice the signal; the engine must not wait for that. */
async function unlessAborted<T>(decided: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([decided, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
