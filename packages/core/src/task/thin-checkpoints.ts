const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One of each stretch of time is enough, the longer ago the longer the stretch. */
const STEPS = [
  { youngerMs: 2 * HOUR_MS, stretchMs: HOUR_MS / 6 },
  { youngerMs: DAY_MS, stretchMs: HOUR_MS },
  { youngerMs: Number.POSITIVE_INFINITY, stretchMs: DAY_MS },
];
/** A label is for people; an agent that sets thousands does not fill the storage with them. */
export const MOST_LABELS = 50;

export interface ThinnedCheckpoint {
  readonly number: number;
  readonly at: number;
  readonly label: string | null;
  /** Another task was started from it. */
  readonly isUsed: boolean;
}

/**
 * Numbers of those that need not be kept: of a task that runs for days there are many. Stay: the newest `keep`, the
 * first fifty with a label, those that are used, and of the others the newest of each stretch of time.
 */
export function checkpointsToForget(
  checkpoints: readonly ThinnedCheckpoint[],
  keep: number,
  now: number,
): number[] {
  const inOrder = checkpoints.toSorted((a, b) => b.number - a.number);
  const labelled = new Set(inOrder.filter(({ label }) => label !== null).slice(-MOST_LABELS));
  const stretches = new Set<string>();
  return inOrder
    .filter((checkpoint, place) => {
      const isFirst = takeStretch(stretches, checkpoint.at, now);
      return !(isFirst || place < keep || checkpoint.isUsed || labelled.has(checkpoint));
    })
    .map(({ number }) => number);
}

/** Stretches begin at fixed times: what is kept of one stays kept until it belongs to a longer one. */
function takeStretch(taken: Set<string>, at: number, now: number): boolean {
  const { stretchMs } = STEPS.find(({ youngerMs }) => now - at < youngerMs) ?? { stretchMs: DAY_MS };
  const stretch = `${stretchMs} ${Math.floor(at / stretchMs)}`;
  if (taken.has(stretch)) return false;
  taken.add(stretch);
  return true;
}
