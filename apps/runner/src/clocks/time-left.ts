import { wallEnd } from "./waits.ts";
import type { RunState } from "./run-state.ts";

/** Up to `most`, but no further than `late` past the wall limit; from now on when that has passed already. */
export function timeLeft(state: RunState, now: number, most: number, late: number): number {
  return Math.min(most, Math.max(wallEnd(state) - now, 0) + late);
}
