import { denied } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";

export interface ConnectionLimits {
  readonly perAttempt: number;
  readonly inAll: number;
}

export interface ConnectionCount {
  /** A place for one more, given back by calling it, or why there is none. */
  enter(attempt: string): (() => void) | Refusal;
  /** Resolves when the attempt has none open. */
  whenNone(attempt: string): Promise<void>;
}

export function createConnectionCount({ perAttempt, inAll }: ConnectionLimits): ConnectionCount {
  const open = new Map<string, number>();
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  let total = 0;
  return {
    enter(attempt) {
      const mine = open.get(attempt) ?? 0;
      if (mine >= perAttempt) {
        return denied(
          "too_many",
          `This task has ${mine} connections open, which is the limit. Close some first.`,
        );
      }
      if (total >= inAll) {
        return denied("too_many", "All connections this server can keep open are in use. Try again later.");
      }
      open.set(attempt, mine + 1);
      total += 1;
      return () => {
        total -= 1;
        const left = (open.get(attempt) ?? 1) - 1;
        if (left > 0) return void open.set(attempt, left);
        open.delete(attempt);
        waiting.get(attempt)?.resolve();
        waiting.delete(attempt);
      };
    },
    async whenNone(attempt) {
      if (!open.has(attempt)) return;
      const known = waiting.get(attempt) ?? Promise.withResolvers<void>();
      waiting.set(attempt, known);
      await known.promise;
    },
  };
}
