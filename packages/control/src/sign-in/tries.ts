import { AgencyError } from "@agency/contract";
import type { WayInStore } from "@agency/core";

const MINUTE = 60_000;

interface Allowance {
  /** From one address. */
  each: number;
  /** From everywhere. */
  all: number;
  windowMs: number;
}

/** A link cannot be guessed, so its limits only keep the noise down. The others are what stands before guessing. */
const ALLOWED = {
  link: { each: 20, all: 1_000, windowMs: 10 * MINUTE },
  password: { each: 10, all: 100, windowMs: 60 * MINUTE },
  pairing: { each: 10, all: 60, windowMs: 10 * MINUTE },
  claim: { each: 400, all: 4_000, windowMs: 10 * MINUTE },
  /** Codes that somebody who is signed in types wrongly; by account, not by address. */
  code: { each: 5, all: 5_000, windowMs: 10 * MINUTE },
} as const satisfies Record<string, Allowance>;
export type TryKind = keyof typeof ALLOWED;

export interface Tries {
  /** Counted before anything is looked at, so that many at once do not get through together. */
  count(kind: TryKind, who: string): Promise<void>;
  /** It was the right one. */
  forget(kind: TryKind, who: string): Promise<void>;
}

/** In the database: neither a restart nor another server gives more tries. */
export function createTries(store: WayInStore, now: () => number): Tries {
  const count = async (name: string, most: number, windowMs: number) => {
    const { tries, resetsAt } = await store.countTry(name, windowMs, now());
    if (tries <= most) return;
    throw new AgencyError("too_many_requests", "There were too many tries.", {
      next: "Wait, or use a fresh link from `agency open` on the machine of the server.",
      retryAfterMs: Math.max(1_000, resetsAt - now()),
    });
  };
  return {
    async count(kind, who) {
      const { each, all, windowMs } = ALLOWED[kind];
      // The address first: one that is over its limit must not use up everybody's.
      await count(`${kind} ${who}`, each, windowMs);
      await count(kind, all, windowMs);
    },
    forget: (kind, who) => store.forgetTries(`${kind} ${who}`),
  };
}
