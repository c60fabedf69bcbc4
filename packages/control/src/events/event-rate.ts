/** Runners keep to the limit themselves; twice that is a runner that does not. */
const HEADROOM = 2;
const BURST_SECONDS = 10;
/** After that even the slowest bucket that took the largest batch is full again. */
const FORGET_AFTER_MS = 120_000;

interface Bucket {
  tokens: number;
  at: number;
}

export interface EventRate {
  /** 0: let it in, and count it. Else the milliseconds after which to try again; nothing was counted. */
  take(attemptId: string, events: number, perSecond: number): number;
}

/**
 * Per attempt, and of this process only: a runner that spreads its batches over several gets as many times more.
 * A batch is let in whole while there is anything left, and what it takes too much is paid off before the next one.
 */
export function createEventRate(now: () => number): EventRate {
  const buckets = new Map<string, Bucket>();
  let pruneAt = now() + FORGET_AFTER_MS;
  return {
    take(attemptId, events, perSecond) {
      const rate = perSecond * HEADROOM;
      const at = now();
      const { tokens } = refilled(buckets.get(attemptId), rate, at);
      if (tokens < 1) return Math.ceil(((1 - tokens) / rate) * 1000);
      buckets.set(attemptId, { tokens: tokens - events, at });
      if (at >= pruneAt) {
        prune(buckets, at);
        pruneAt = at + FORGET_AFTER_MS;
      }
      return 0;
    },
  };
}

function refilled(bucket: Bucket | undefined, rate: number, at: number): Bucket {
  const full = rate * BURST_SECONDS;
  if (bucket === undefined) return { tokens: full, at };
  const elapsed = Math.max(0, at - bucket.at) / 1000;
  return { tokens: Math.min(full, bucket.tokens + elapsed * rate), at };
}

function prune(buckets: Map<string, Bucket>, at: number): void {
  for (const [id, bucket] of buckets) if (at - bucket.at > FORGET_AFTER_MS) buckets.delete(id);
}
