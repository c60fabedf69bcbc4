import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@agency/core";

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};
