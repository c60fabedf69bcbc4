/** Reports a second that are written one by one; of the rest, those alike become one. */
export const SINGLE_A_SECOND = 20;
/** Kinds kept apart in a second's sum: beyond, only the verdict is. An agent can invent names for ever. */
export const KINDS_A_SECOND = 20;
const SECOND_MS = 1_000;

/** Which reports are alike, and what becomes of them. */
export interface Alike<R> {
  keyOf(report: R): string;
  /** A report of one of too many kinds. Nothing an agent can ask for has its key. */
  among(report: R): R;
  merge(sum: R, one: R): R;
}

/**
 * One attempt's reports, thinned to what its log can bear: never more than 20 + 20 + 3 events a second, and not
 * one transfer or byte missing from the sum. Pure: time is what it is told.
 */
export interface ReportSum<R> {
  /** What to write now. */
  take(report: R, now: number): R[];
  /** What was held back. */
  flush(): R[];
  /** Nothing is held back and the second is over: forgetting it loses nothing. */
  isIdle(now: number): boolean;
}

export function createReportSum<R>({ keyOf, among, merge }: Alike<R>): ReportSum<R> {
  let since = Number.NEGATIVE_INFINITY;
  let written = 0;
  const held = new Map<string, R>();

  function flush(): R[] {
    const all = [...held.values()];
    held.clear();
    return all;
  }

  function hold(report: R): void {
    const isKnown = held.has(keyOf(report));
    const kind = isKnown || held.size < KINDS_A_SECOND ? report : among(report);
    const sum = held.get(keyOf(kind));
    held.set(keyOf(kind), sum === undefined ? kind : merge(sum, kind));
  }

  return {
    take(report, now) {
      const due = now - since >= SECOND_MS ? flush() : [];
      if (now - since >= SECOND_MS) [since, written] = [now, 0];
      if (written >= SINGLE_A_SECOND) {
        hold(report);
        return due;
      }
      written += 1;
      return [...due, report];
    },
    flush,
    isIdle: (now) => held.size === 0 && now - since >= SECOND_MS,
  };
}
