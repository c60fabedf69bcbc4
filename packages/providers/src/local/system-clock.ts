import type { Clock } from "@agency/core";
import { setTimeout as delay } from "node:timers/promises";

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
