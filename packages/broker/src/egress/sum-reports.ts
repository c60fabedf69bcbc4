import type { EventOf } from "@agency/contract";

export type NetworkReport = EventOf<"network">["data"];

/** Reports a second that are written one by one; of the rest, those alike become one. */
export const SINGLE_A_SECOND = 20;
/** Kinds of connection kept apart in a second's sum: beyond, only the verdict is. An agent can invent names for ever. */
export const KINDS_A_SECOND = 20;
const SECOND_MS = 1_000;

/**
 * One attempt's reports, thinned to what its log can bear: never more than 20 + 20 + 3 events a second, and not
 * one connection or byte missing from the sum. Pure: time is what it is told.
 */
export interface ReportSum {
  /** What to write now. */
  take(report: NetworkReport, now: number): NetworkReport[];
  /** What was held back. */
  flush(): NetworkReport[];
  /** Nothing is held back and the second is over: forgetting it loses nothing. */
  isIdle(now: number): boolean;
}

export function createReportSum(): ReportSum {
  let since = Number.NEGATIVE_INFINITY;
  let written = 0;
  const held = new Map<string, NetworkReport>();

  function flush(): NetworkReport[] {
    const all = [...held.values()];
    held.clear();
    return all;
  }

  function hold(report: NetworkReport): void {
    const key = `${report.verdict} ${report.host} ${report.port}`;
    const same = held.get(key);
    if (same !== undefined) held.set(key, merge(same, report));
    else if (held.size < KINDS_A_SECOND) held.set(key, report);
    else holdAmongOthers(report);
  }

  function holdAmongOthers(report: NetworkReport): void {
    // No host has this name: the space keeps it apart from what an agent can ask for.
    const others: NetworkReport = { ...report, host: "other hosts", port: 0 };
    delete others.address;
    const key = `${report.verdict} other hosts`;
    const before = held.get(key);
    held.set(key, before === undefined ? others : merge(before, others));
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

function merge(sum: NetworkReport, one: NetworkReport): NetworkReport {
  return {
    ...sum,
    bytesIn: sum.bytesIn + one.bytesIn,
    bytesOut: sum.bytesOut + one.bytesOut,
    durationMs: Math.max(sum.durationMs, one.durationMs),
    count: sum.count + one.count,
  };
}
