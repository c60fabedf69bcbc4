import type { Task } from "@agency/contract";
import { useLocation } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useState } from "react";
import { isOver } from "../../../lib/feed-state.ts";
import { count } from "../../../lib/format.ts";
import { Empty, Failure, Skeleton } from "../../../ui/states.tsx";
import { TimelineRow } from "../rows/timeline-row.tsx";
import { placeOf } from "../timeline/place.ts";
import { TOPICS } from "../timeline/rows.ts";
import type { Row, Topic } from "../timeline/rows.ts";
import type { Run } from "../use-run.ts";
import { VirtualList } from "./virtual-list.tsx";

const WORDS: Record<Topic, string> = {
  talk: "Talk",
  tools: "Tools",
  changes: "Changes",
  network: "Network",
  milestones: "Milestones",
  problems: "Problems",
};

const HEIGHTS: Partial<Record<Row["kind"], number>> = {
  note: 30,
  turn: 40,
  thinking: 34,
  tool: 40,
  text: 90,
};

export function TimelineTab({ task, run }: { task: Task; run: Run }) {
  const { view, failure } = run;
  const [chosen, setTopic] = useState<Topic | null>(null);
  // The button answers at once, 200,000 rows a moment later.
  const topic = useDeferredValue(chosen);
  const hash = useLocation({ select: (location) => location.hash });
  const wanted = /^e(\d+)$/.exec(hash)?.[1];
  const rows = useMemo(() => rowsOf(view.rows, topic), [view, topic]);
  const over = isOver(task.state);
  const goTo = wanted === undefined || Number(wanted) > view.lastSeq ? null : placeOf(rows, Number(wanted));
  if (failure !== null && view.rows.length === 0)
    return <Failure error={failure} onRetry={() => location.reload()} />;
  return (
    <>
      <div className="filters" role="group" aria-label="Show only">
        {[null, ...TOPICS].map((one) => (
          <button
            key={one ?? "all"}
            type="button"
            className="chip"
            aria-pressed={chosen === one}
            onClick={() => setTopic(one)}
          >
            {one === null ? "All" : WORDS[one]}
          </button>
        ))}
        {view.lastSeq < task.lastSeq && (
          <span className="quiet figure filters-note">
            {count(view.lastSeq)} of {count(task.lastSeq)} loaded
          </span>
        )}
        {view.firstSeq > 1 && (
          <span className="quiet filters-note">events before {count(view.firstSeq)} are no longer kept</span>
        )}
      </div>
      {rows.length === 0 ? (
        <Nothing filtered={topic !== null && view.rows.length > 0} over={over} />
      ) : (
        <VirtualList
          key={topic ?? "all"}
          label="Timeline"
          role="feed"
          count={rows.length}
          estimate={(index) => HEIGHTS[rows[index]?.kind ?? "note"] ?? 44}
          keyOf={(index) => rows[index]?.seq ?? index}
          render={(index) => {
            const row = rows[index];
            return row === undefined ? null : (
              <TimelineRow row={row} rev={row.rev} marked={index === goTo} prompt={task.prompt} />
            );
          }}
          mark={view}
          follow={!over}
          goTo={goTo}
        />
      )}
    </>
  );
}

function Nothing({ filtered, over }: { filtered: boolean; over: boolean }) {
  if (filtered) return <Empty title="Nothing of that kind" icon="search" />;
  if (over) return <Empty title="No events are kept of this run" />;
  return <Skeleton lines={5} label="Waiting for the first event" />;
}

function rowsOf(rows: readonly Row[], topic: Topic | null): readonly Row[] {
  return topic === null ? rows : rows.filter((row) => row.topic === topic || row.kind === "turn");
}
