import { AgencyError } from "@agency/contract";
import type { Clock } from "@agency/core";

/** A byte now and then is not sending: so much has to come in the time. */
const LEAST_BYTES = 64 * 1024;
export const QUIET_MS = 60_000;

/** On average, after the first minute: the largest file a runner may send takes less than its day. */
const LEAST_BYTES_PER_MS = 32;

type Sleep = Clock["sleep"];

/**
 * The body, as long as it comes, and no longer than `lastsMs` in all. Only the time its sender is waited for counts for
 * its pace, not what storing it takes. `now` never goes back: a wall clock that is set back by an hour would give
 * whoever stands still that hour, and one set forward would end who sends well.
 */
export async function* steadyBody(
  body: AsyncIterable<Uint8Array>,
  { sleep }: { sleep: Sleep },
  lastsMs: number,
  now: () => number = () => performance.now(),
): AsyncGenerator<Uint8Array, void> {
  const chunks = body[Symbol.asyncIterator]();
  const pace = new Pace();
  const watch = new Watch(sleep, now);
  const end = now() + lastsMs;
  let isOver = false;
  try {
    for (;;) {
      const since = now();
      const step = await watch.within(chunks.next(), since + Math.min(pace.leftMs, end - since));
      if (step === null || step.done === true) {
        isOver = step !== null;
        break;
      }
      pace.came(step.value.byteLength, now() - since);
      if (pace.leftMs <= 0 || now() >= end) break;
      yield step.value;
    }
    if (!isOver) throw now() >= end ? tooLong(lastsMs) : tooSlow();
  } finally {
    watch.end();
    // One that nothing comes from ends with its connection, which the answer closes: not waited for.
    if (!isOver) chunks.return?.().catch(() => undefined);
  }
}

/** How long the next bytes may take to come. */
class Pace {
  #waitedMs = 0;
  #bytes = 0;
  #quietMs = 0;
  #recent = 0;

  came(bytes: number, ms: number): void {
    this.#waitedMs += ms;
    this.#bytes += bytes;
    this.#quietMs += ms;
    this.#recent += bytes;
    if (this.#recent >= LEAST_BYTES) [this.#quietMs, this.#recent] = [0, 0];
  }

  get leftMs(): number {
    const paid = QUIET_MS + this.#bytes / LEAST_BYTES_PER_MS;
    return Math.min(QUIET_MS - this.#quietMs, paid - this.#waitedMs);
  }
}

/**
 * Waits for one thing after another, each until a time of its own. Those times mostly move on: one sleep does for many
 * chunks, where a timer each cost as much as hashing them.
 */
class Watch {
  readonly #sleepFor: Sleep;
  readonly #now: () => number;
  #asleep: { until: number; over: AbortController } | null = null;
  #deadline = 0;
  #tooLate: (() => void) | null = null;

  constructor(sleep: Sleep, now: () => number) {
    this.#sleepFor = sleep;
    this.#now = now;
  }

  /** Null: it did not come before `deadline`. */
  async within<T>(next: Promise<T>, deadline: number): Promise<T | null> {
    this.#deadline = deadline;
    if (this.#asleep === null || this.#asleep.until > deadline) this.#sleep();
    try {
      return await new Promise<T | null>((resolve, reject) => {
        this.#tooLate = () => resolve(null);
        next.then(resolve, reject);
      });
    } finally {
      this.#tooLate = null;
    }
  }

  end(): void {
    this.#asleep?.over.abort();
    this.#asleep = null;
  }

  #sleep(): void {
    this.end();
    const asleep = { until: this.#deadline, over: new AbortController() };
    this.#asleep = asleep;
    const ms = Math.max(0, asleep.until - this.#now());
    void this.#sleepFor(ms, asleep.over.signal).then(() => this.#wake(asleep));
  }

  #wake(asleep: { until: number }): void {
    if (this.#asleep !== asleep) return;
    this.#asleep = null;
    if (this.#tooLate === null) return;
    if (this.#now() < this.#deadline) this.#sleep();
    else this.#tooLate();
  }
}

function tooSlow(): AgencyError {
  return new AgencyError("unavailable", "The upload stood still or came too slowly, and was given up.", {
    next: "Send it again.",
  });
}

function tooLong(lastsMs: number): AgencyError {
  return new AgencyError("unavailable", `The upload was not through after ${lastsMs / 1000} s.`, {
    next: "Send it again, or less of it.",
  });
}
