import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "@agency/core";

/** setTimeout counts in 32 bits; a longer wait wakes early and asks again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Monotonic: a jump of the machine's wall clock neither shortens nor lengthens a limit. */
export const realClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  async sleep(ms, signal) {
    const wait = Math.min(Math.max(ms, 0), LONGEST_TIMER_MS);
    await delay(wait, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};
