/** Between the beginnings of two loads that news asked for: a busy fleet has news many times a second. */
const GAP_MS = 1000;

export interface LoadClock {
  now(): number;
  /** The answer takes it back. */
  after(ms: number, action: () => void): () => void;
}

export interface OneAtATime {
  /** Once more, as soon as what runs now has ended; `soon`: not at once, as others may ask too. */
  ask(when: "now" | "soon"): void;
  end(): void;
}

/** A load is never given up for a newer one, or with enough news none would ever arrive. */
export function oneAtATime<T>(
  load: (signal: AbortSignal) => Promise<T>,
  told: { loaded(data: T): void; failed(error: unknown): void },
  clock: LoadClock,
): OneAtATime {
  const over = new AbortController();
  let running = false;
  let wanted: "now" | "soon" | null = null;
  let began = -Infinity;
  let takeBack: (() => void) | null = null;

  async function run(): Promise<void> {
    running = true;
    wanted = null;
    began = clock.now();
    try {
      const data = await load(over.signal);
      if (!over.signal.aborted) told.loaded(data);
    } catch (error) {
      if (!over.signal.aborted) told.failed(error);
    }
    running = false;
    next();
  }

  function next(): void {
    takeBack?.();
    takeBack = null;
    if (over.signal.aborted || running || wanted === null) return;
    const left = wanted === "now" ? 0 : began + GAP_MS - clock.now();
    if (left <= 0) void run();
    else takeBack = clock.after(left, next);
  }

  return {
    ask(when) {
      if (wanted !== "now") wanted = when;
      next();
    },
    end() {
      over.abort();
      takeBack?.();
    },
  };
}
