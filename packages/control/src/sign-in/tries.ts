import { AgencyError } from "@agency/contract";
import type { WayInStore } from "@agency/core";
import { networkOf, placeOf } from "./network-of.ts";

const MINUTE = 60_000;

interface Allowance {
  /** From one address. */
  each: number;
  windowMs: number;
}

/**
 * Nothing here is counted for everybody together: whoever reaches the port would lock everybody out. A link cannot
 * be guessed, so only the failures are counted, to keep the noise down.
 */
const ALLOWED = {
  link: { each: 20, windowMs: 10 * MINUTE },
  password: { each: 10, windowMs: 60 * MINUTE },
  /** The present password, from who is signed in; by account. */
  current: { each: 10, windowMs: 60 * MINUTE },
  pairing: { each: 10, windowMs: 10 * MINUTE },
  claim: { each: 400, windowMs: 10 * MINUTE },
  /** Codes that somebody who is signed in types wrongly; by account, not by address. */
  code: { each: 5, windowMs: 10 * MINUTE },
} as const satisfies Record<string, Allowance>;
export type TryKind = keyof typeof ALLOWED;
/** `ask`: a new device that asks to be let in. */
type NotedKind = TryKind | "ask";

/** Passwords tried from everywhere within an hour; each one more makes the next wait longer, never for long. */
const UNHURRIED = 100;
const SLOWER_MS = 20;
const SLOWEST_MS = 4_000;
/** Of what strangers do, the audit log shows so much within an hour: from one area, and of one kind in all. */
const MOST_NOTED = { area: 5, all: 100 };

export interface Tries {
  /** Counted before anything is looked at, so that many at once do not get through together. */
  count(kind: TryKind, who: string): Promise<void>;
  /** It was the right one. */
  forget(kind: TryKind, who: string): Promise<void>;
  /** How long this password has to wait because so many were tried: it slows guessing and locks nobody out. */
  passwordDelay(): Promise<number>;
  /** The log shows that somebody tries, not how often: it would grow as fast as they like. */
  worthNoting(kind: NotedKind, address: string): Promise<boolean>;
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
      const { each, windowMs } = ALLOWED[kind];
      await count(`${kind} ${networkOf(who)}`, each, windowMs);
    },
    forget: (kind, who) => store.forgetTries(`${kind} ${networkOf(who)}`),
    async passwordDelay() {
      const { tries } = await store.countTry("password", 60 * MINUTE, now());
      return Math.min(SLOWEST_MS, Math.max(0, tries - UNHURRIED) * SLOWER_MS);
    },
    async worthNoting(kind, address) {
      const name = `noted ${kind}`;
      const ofArea = await store.countTry(`${name} ${placeOf(address).area}`, 60 * MINUTE, now());
      if (ofArea.tries > MOST_NOTED.area) return false;
      return (await store.countTry(name, 60 * MINUTE, now())).tries <= MOST_NOTED.all;
    },
  };
}
