import type { Signal } from "../process/signal.ts";

/** What the run has to say about the engine's model calls. */
export interface ModelCalls {
  /** A request is under way, held or not; call the result when it is over. */
  open(): () => void;
  /** May a billed call go out now? Asked again whenever `again` fires. */
  mayGo(): boolean;
  /** Fires when what is held should be tried again. */
  readonly again: Signal;
}
