import type { Clock } from "@agency/core";

interface Sleeper {
  at: number;
  wake: () => void;
}

/** Below this a sleep is pacing or back-off, not a limit under test: it passes by itself. */
const PACING_MS = 200;

/** Time stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = Date.parse("2030-01-01T00:00:00Z");
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      if (ms <= PACING_MS) return void setImmediate(resolve);
      const sleeper: Sleeper = { at: this.#now + ms, wake: () => this.#wake(sleeper, resolve) };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", sleeper.wake, { once: true });
    });
  }

  /** Moves on, waking everyone whose time comes in order, with room between for what they do next. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await settle();
    }
    this.#now = until;
    await settle();
  }

  #next(until: number): Sleeper | undefined {
    return [...this.#sleepers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
  }

  #wake(sleeper: Sleeper, resolve: () => void): void {
    this.#sleepers.delete(sleeper);
    resolve();
  }
}

/** Lets everything that waits for nothing but its turn run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
