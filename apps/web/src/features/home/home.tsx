import { Link } from "@tanstack/react-router";
import { Suspense, useEffect, useState } from "react";
import { feed, feedFailure } from "../../lib/feed.ts";
import type { Feed } from "../../lib/feed.ts";
import { isOver, liveOf, overviewOf } from "../../lib/feed-state.ts";
import { lazyAgain } from "../../lib/lazy-again.ts";
import { useStore } from "../../lib/store.ts";
import { Panel } from "../../ui/panel.tsx";
import { Empty, Failure, Skeleton } from "../../ui/states.tsx";
import { readDismissed, saveDismissed } from "./dismissed.ts";
import { QuickStart } from "./quick-start.tsx";
import { RecentList } from "./recent-list.tsx";
import { RunningList } from "./running-list.tsx";
import { Totals } from "./totals.tsx";

/** Forms and the text of agents: not part of the first load, which is soon over its budget. */
const NeedsMe = lazyAgain(async () => (await import("./needs-me.tsx")).NeedsMe);

export function Home() {
  const known = useStore(feed);
  const failure = useStore(feedFailure);
  useEffect(() => {
    document.title = "Overview · Agency";
  }, []);
  return (
    <div className="page home">
      <header className="page-head">
        <h1>Overview</h1>
        {known !== null && <Totals totals={known.totals} />}
      </header>
      <QuickStart />
      {failure !== null && <Failure error={failure} onRetry={() => location.reload()} />}
      {known === null ? (
        failure === null && <Skeleton lines={6} label="Loading runs" />
      ) : (
        <Lists known={known} />
      )}
    </div>
  );
}

function Lists({ known }: { known: Feed }) {
  const [dismissed, setDismissed] = useState(readDismissed);
  const { needsMe, failures, running, waiting, recent } = overviewOf(known.tasks, dismissed, Date.now());
  const dismiss = (id: string) => {
    const next = new Set(dismissed).add(id);
    saveDismissed(next);
    setDismissed(next);
  };
  if (known.tasks.length === 0)
    return (
      <Empty title="No runs yet" icon="bot">
        <p>Say above what you want done. The agent works in a sealed sandbox; you can watch every step.</p>
      </Empty>
    );
  const live = known.tasks.filter((task) => !isOver(task.state)).length;
  const alive = liveOf(known.totals.counts);
  const need = needsMe.length + failures.length;
  return (
    <>
      {known.truncated && live < alive && (
        <p className="quiet" role="status">
          Only {live} of {alive} live runs are shown; see <Link to="/fleet">Fleet</Link>.
        </p>
      )}
      {need > 0 && (
        <Panel title="Needs you" aside={<span className="count">{need}</span>} className="needs">
          <Suspense fallback={<Skeleton />}>
            <NeedsMe asking={needsMe} failures={failures} onDismiss={dismiss} />
          </Suspense>
        </Panel>
      )}
      <Panel title="Running now" aside={<span className="figure">{running.length + waiting.length}</span>}>
        {running.length + waiting.length === 0 ? (
          <p className="panel-empty">Nothing is running.</p>
        ) : (
          <RunningList running={running} waiting={waiting} />
        )}
      </Panel>
      {recent.length > 0 && (
        <Panel title="Recent">
          <RecentList tasks={recent} />
        </Panel>
      )}
    </>
  );
}
