import type { TaskEvent } from "@agency/contract";
import { createTimeline } from "./timeline/timeline.ts";
import type { Row } from "./timeline/rows.ts";
import { addToSummary, createSummary } from "./timeline/summary.ts";
import type { Summary } from "./timeline/summary.ts";
import { logLinesOf } from "./timeline/log-lines.ts";
import type { LogLine } from "./timeline/log-lines.ts";

/** One look at a run. The lists grow in place; a new look is handed out whenever they did. */
export interface RunView {
  events: readonly TaskEvent[];
  rows: readonly Row[];
  lines: readonly LogLine[];
  summary: Summary;
  lastSeq: number;
  /** Events before this one are no longer kept. */
  firstSeq: number;
  over: boolean;
}

export interface RunStore {
  view(): RunView;
  subscribe(listener: () => void): () => void;
  /** Takes an event in: each once, in order. */
  add(event: TaskEvent): void;
  purged(firstSeq: number): void;
  end(): void;
}

/**
 * Everything known of one run, outside React. Listeners hear at most once a frame, and the larger the run the less
 * often: at 200,000 rows a list takes 15 ms to lay out.
 */
export function createRunStore(schedule: (flush: () => void, rows: number) => void): RunStore {
  const timeline = createTimeline();
  const summary = createSummary();
  const events: TaskEvent[] = [];
  const lines: LogLine[] = [];
  const listeners = new Set<() => void>();
  let firstSeq = 1;
  let over = false;
  let view = look();
  let waiting = false;

  function look(): RunView {
    return {
      events,
      rows: timeline.rows,
      lines,
      summary: { ...summary },
      lastSeq: events.at(-1)?.seq ?? 0,
      firstSeq,
      over,
    };
  }
  function flush(): void {
    waiting = false;
    view = look();
    for (const listener of listeners) listener();
  }
  function changed(): void {
    if (waiting) return;
    waiting = true;
    schedule(flush, timeline.rows.length);
  }
  return {
    view: () => view,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    add: (event) => {
      if (event.seq <= (events.at(-1)?.seq ?? 0)) return;
      events.push(event);
      timeline.add(event);
      addToSummary(summary, event);
      for (const line of logLinesOf(event)) lines.push(line);
      changed();
    },
    purged: (seq) => {
      firstSeq = seq;
      changed();
    },
    end: () => {
      over = true;
      changed();
    },
  };
}
