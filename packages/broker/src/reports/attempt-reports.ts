import type { AttemptCaller, Clock } from "@agency/core";
import { createReportSum } from "./thin-reports.ts";
import type { Alike, ReportSum } from "./thin-reports.ts";

export interface AttemptReports<R> {
  add(caller: AttemptCaller, data: R): void;
  /** Writes what is held back of one attempt. */
  flush(caller: AttemptCaller): void;
  /** Writes what is held back and stops its clock. */
  close(): void;
}

const FLUSH_MS = 1_000;

/** What the brokers report of each attempt, as thin as its log can bear. */
export function createAttemptReports<R>(
  clock: Clock,
  alike: Alike<R>,
  report: (caller: AttemptCaller, data: R) => void,
): AttemptReports<R> {
  const sums = new Map<string, { caller: AttemptCaller; sum: ReportSum<R> }>();
  const closed = new AbortController();
  let ticking = false;

  function flushAll(): void {
    for (const [key, { caller, sum }] of sums) {
      for (const data of sum.flush()) report(caller, data);
      if (sum.isIdle(clock.now())) sums.delete(key);
    }
  }

  async function tick(): Promise<void> {
    if (ticking) return;
    ticking = true;
    while (sums.size > 0 && !closed.signal.aborted) {
      await clock.sleep(FLUSH_MS, closed.signal);
      flushAll();
    }
    ticking = false;
  }

  return {
    add(caller, data) {
      const key = attemptKey(caller);
      const known = sums.get(key) ?? { caller, sum: createReportSum(alike) };
      sums.set(key, known);
      for (const one of known.sum.take(data, clock.now())) report(caller, one);
      if (closed.signal.aborted) flushAll();
      else void tick();
    },
    flush(caller) {
      for (const data of sums.get(attemptKey(caller))?.sum.flush() ?? []) report(caller, data);
    },
    close() {
      closed.abort();
      flushAll();
    },
  };
}

export function attemptKey({ taskId, epoch }: AttemptCaller): string {
  return `${taskId}:${epoch}`;
}
