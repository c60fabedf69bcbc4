interface Latch {
  promise: Promise<void>;
  open: () => void;
}

/** Named things that happen once and stay so: whoever asks later sees it at once. */
export interface Latches {
  open(name: string): void;
  /** Rejects with the signal's reason when it is aborted first. */
  wait(name: string, signal?: AbortSignal): Promise<void>;
}

export function createLatches(): Latches {
  const latches = new Map<string, Latch>();
  const latch = (name: string): Latch => {
    const known = latches.get(name);
    if (known !== undefined) return known;
    const { promise, resolve } = Promise.withResolvers<void>();
    const created = { promise, open: resolve };
    latches.set(name, created);
    return created;
  };
  return {
    open: (name) => latch(name).open(),
    wait: async (name, signal) => {
      const opened = latch(name).promise;
      await (signal === undefined ? opened : Promise.race([opened, aborted(signal)]));
    },
  };
}

/** Never resolves; rejects once the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(toError(signal.reason));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}

function toError(reason: unknown): Error {
  return reason instanceof Error
    ? reason
    : new Error("The model request was given up by its caller.", { cause: reason });
}
