import type { Task } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { api } from "../../lib/api.ts";
import { feed } from "../../lib/feed.ts";
import { isOver } from "../../lib/feed-state.ts";
import { useResource } from "../../lib/resource.ts";
import { useStore } from "../../lib/store.ts";
import { Empty, Failure, Skeleton } from "../../ui/states.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { filterOf, isNarrowed } from "./fleet-search.ts";
import type { FleetSearch } from "./fleet-search.ts";
import { RunRows } from "./run-rows.tsx";
import type { RunRow } from "./run-rows.tsx";

const PAGE = 50;

export function RunsView({ search }: { search: FleetSearch }) {
  const [pages, setPages] = useState(1);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const narrowed = JSON.stringify({ ...search, view: undefined });
  const known = useStore(feed);
  // Any change of a state may bring a run into the list or take it out.
  const movement = JSON.stringify(known?.totals.counts ?? null);
  const list = useResource((signal) => load(search, pages, signal), narrowed, `${pages} ${movement}`);
  const rows = useMemo(() => withNews(list.data?.tasks ?? [], known?.tasks ?? []), [list.data, known]);
  const stoppable = rows.filter((row) => chosen.has(row.id) && !isOver(row.state));
  return (
    <>
      <FilterBar key={search.q ?? ""} search={search} />
      <BulkBar
        runs={stoppable}
        csvPath={api.tasksCsvPath(filterOf(search, Date.now()))}
        onDone={() => setChosen(new Set())}
      />
      {list.state === "loading" && <Skeleton lines={8} label="Loading runs" />}
      {list.state === "failed" && <Failure error={list.error} onRetry={list.reload} />}
      {list.state === "ready" && list.error !== null && <Failure error={list.error} onRetry={list.reload} />}
      {list.state === "ready" && rows.length === 0 && <NoRuns narrowed={isNarrowed(search)} />}
      {rows.length > 0 && <RunRows rows={rows} chosen={chosen} onChoose={setChosen} />}
      {list.data?.more === true && (
        <div className="fleet-more">
          <button type="button" className="button" onClick={() => setPages(pages + 1)}>
            Show {PAGE} more
          </button>
        </div>
      )}
    </>
  );
}

/** Page after page with one filter, as a list that moves cannot be added to at its end. */
async function load(search: FleetSearch, pages: number, signal: AbortSignal) {
  const filter = filterOf(search, Date.now());
  const tasks = new Map<string, Task>();
  let cursor: string | null = null;
  for (let page = 0; page < pages; page += 1) {
    const at: { cursor?: string } = cursor === null ? {} : { cursor };
    const part = await api.listTasks({ ...filter, ...at, limit: PAGE }, { signal });
    for (const task of part.tasks) tasks.set(task.id, task);
    cursor = part.nextCursor;
    if (cursor === null) break;
  }
  return { tasks: [...tasks.values()], more: cursor !== null };
}

/** What the stream has told since the list was read. */
function withNews(tasks: readonly Task[], news: readonly RunRow[]): RunRow[] {
  const fresh = new Map(news.map((task) => [task.id, task]));
  return tasks.map((task) => fresh.get(task.id) ?? task);
}

function NoRuns({ narrowed }: { narrowed: boolean }) {
  if (!narrowed)
    return (
      <Empty title="No runs yet" icon="bot">
        <Link to="/new">Start the first one</Link>
      </Empty>
    );
  return (
    <Empty title="No run is like that" icon="search">
      <Link to="/fleet" search={{}}>
        Show all runs
      </Link>
    </Empty>
  );
}
