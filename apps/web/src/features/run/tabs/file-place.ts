import type { Checkpoint } from "@agency/contract";

/** The workspace at a checkpoint, or as the run left it. */
export type Place = { at: number } | { at: "end" };

/**
 * What is chosen, else the end of a run that is over, else the newest checkpoint. Null: there is none yet.
 */
export function placeOf(
  chosen: number | undefined,
  over: boolean,
  checkpoints: readonly Checkpoint[],
): Place | null {
  if (chosen !== undefined) return { at: chosen };
  if (over) return { at: "end" };
  const newest = newestOf(checkpoints);
  return newest === null ? null : { at: newest };
}

export function newestOf(checkpoints: readonly Checkpoint[]): number | null {
  return checkpoints.length === 0 ? null : Math.max(...checkpoints.map(({ number }) => number));
}
