import { isAgencyError } from "@agency/contract";
import { pauseAfter } from "./try-again.ts";

/** Between the beginnings of two loads that news asked for: a busy fleet has news many times a second. */
const GAP_MS = 1000;

export interface LoadClock {
  now(): number;
  /** The answer takes it back. */
  after(ms: number, action: () => void): () => void;
}

export interface OneAtATime {
  /**
   * Once more, as soon as what runs now has ended. `soon`: there is news, maybe many times a second, and the pause after
   * a failure holds. `back`: the server is there again, and only the pause it asked for itself holds. `now`: a person
   * asks.
   */
  ask(when: "now" | "back" | "soon"): void;
  end(): void;
}

/**
 * A load is never given up for a newer one, or with enough news none would ever arrive. One that failed and may pass
 * is asked for again by itself.
 */
export function oneAtATime<T>(
  load: (signal: AbortSignal) => Promise<T>,
  told: { loaded(data: T): void; failed(error: unknown): void },
  clock: LoadClock,
): OneAtATime {
  const over = new AbortController();
  let running = false;
  let began = -Infinity;
  let failures = 0;
  /** When the next one is wanted; infinite: none is. */
  let due = Infinity;
  /** The server asked to be let alone until then. */
  let refusedUntil = -Infinity;
  /** After a failure news is no reason to ask sooner: a busy fleet would ask a broken server every second. */
  let pausedUntil = -Infinity;
  let takeBack: (() => void) | null = null;

  async function run(): Promise<void> {
    running = true;
    due = Infinity;
    began = clock.now();
    try {
      const data = await load(over.signal);
      failures = 0;
      if (!over.signal.aborted) told.loaded(data);
    } catch (error) {
      failures += 1;
      again(error);
      if (!over.signal.aborted) told.failed(error);
    }
    running = false;
    next();
  }

  function again(error: unknown): void {
    const now = clock.now();
    const pause = pauseAfter(error, failures);
    due = Math.min(due, now + (pause ?? Infinity));
    pausedUntil = now + (pause ?? 0);
    refusedUntil = now + (isAgencyError(error) ? (error.retryAfterMs ?? 0) : 0);
  }

  function next(): void {
    takeBack?.();
    takeBack = null;
    if (over.signal.aborted || running || due === Infinity) return;
    const left = Math.max(due, pausedUntil, refusedUntil) - clock.now();
    if (left <= 0) void run();
    else takeBack = clock.after(left, next);
  }

  return {
    ask(when) {
      if (when !== "soon") pausedUntil = -Infinity;
      if (when === "now") refusedUntil = -Infinity;
      due = when === "now" ? -Infinity : Math.min(due, began + GAP_MS);
      next();
    },
    end() {
      over.abort();
      takeBack?.();
    },
  };
}
