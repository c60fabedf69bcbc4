import { isAgencyError } from "@agency/contract";
import { pauseAfter } from "./try-again.ts";

/** Between the beginnings of two loads that news asked for: a busy fleet has news many times a second. */
const GAP_MS = 1000;

export interface LoadClock {
  now(): number;
  /** The answer takes it back. */
  after(ms: number, action: () => void): () => void;
}

type Reason = "now" | "back" | "soon";

export interface OneAtATime {
  /**
   * Once more, as soon as what runs now has ended. `soon`: there is news, maybe many times a second, and the pause after
   * a failure holds. `back`: the server is there again, and only the pause it asked for itself holds. `now`: a person
   * asks.
   */
  ask(when: Reason): void;
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
  /** When the next one is wanted; infinite: none is. */
  let due = Infinity;
  const rest = restAfterFailures(clock);
  let takeBack: (() => void) | null = null;

  async function run(): Promise<void> {
    running = true;
    due = Infinity;
    began = clock.now();
    try {
      const data = await load(over.signal);
      rest.over();
      if (!over.signal.aborted) told.loaded(data);
    } catch (error) {
      due = Math.min(due, rest.begin(error));
      if (!over.signal.aborted) told.failed(error);
    }
    running = false;
    next();
  }

  function next(): void {
    takeBack?.();
    takeBack = null;
    if (over.signal.aborted || running || due === Infinity) return;
    const left = Math.max(due, rest.until()) - clock.now();
    if (left <= 0) void run();
    else takeBack = clock.after(left, next);
  }

  return {
    ask(when) {
      rest.cutShort(when);
      due = when === "now" ? -Infinity : Math.min(due, began + GAP_MS);
      next();
    },
    end() {
      over.abort();
      takeBack?.();
    },
  };
}

function restAfterFailures(clock: LoadClock) {
  let failures = 0;
  /** The server asked to be let alone until then. */
  let refusedUntil = -Infinity;
  /** News is no reason to ask sooner: a busy fleet would ask a broken server every second. */
  let pausedUntil = -Infinity;
  return {
    until: () => Math.max(pausedUntil, refusedUntil),
    over: () => void (failures = 0),
    /** Answers when to ask again by itself. */
    begin(error: unknown): number {
      failures += 1;
      const now = clock.now();
      const pause = pauseAfter(error, failures);
      pausedUntil = now + (pause ?? 0);
      refusedUntil = now + (isAgencyError(error) ? (error.retryAfterMs ?? 0) : 0);
      return now + (pause ?? Infinity);
    },
    cutShort(why: Reason): void {
      if (why !== "soon") pausedUntil = -Infinity;
      if (why === "now") refusedUntil = -Infinity;
    },
  };
}
