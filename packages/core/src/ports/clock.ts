/** Time as a dependency. Tests drive it by hand; nothing in the product sleeps by itself. */
export interface Clock {
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
