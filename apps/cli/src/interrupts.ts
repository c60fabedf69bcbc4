import type { World } from "./world.ts";

export interface Interrupts {
  /** Aborts on a Ctrl-C that no flow took for itself. */
  readonly signal: AbortSignal;
  /** Takes every Ctrl-C from now on, until the returned function is called. */
  take(listener: () => void): () => void;
  dispose(): void;
}

export function listenForInterrupts(world: World): Interrupts {
  const controller = new AbortController();
  let taker: (() => void) | null = null;
  let stopListening = () => {};
  stopListening = world.onInterrupt(() => {
    if (taker !== null) return taker();
    controller.abort();
    // The next one ends the process, should something not heed the first.
    stopListening();
  });
  return {
    signal: controller.signal,
    take: (listener) => {
      taker = listener;
      return () => {
        taker = null;
      };
    },
    dispose: () => stopListening(),
  };
}
