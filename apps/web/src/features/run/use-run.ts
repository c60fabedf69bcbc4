import type { Task } from "@agency/contract";
import { useEffect, useState, useSyncExternalStore } from "react";
import { api } from "../../lib/api.ts";
import { feed } from "../../lib/feed.ts";
import { useResource } from "../../lib/resource.ts";
import type { Resource } from "../../lib/resource.ts";
import { useStore } from "../../lib/store.ts";
import { followRun } from "./follow-run.ts";
import type { RunConnection } from "./follow-run.ts";
import { createRunStore } from "./run-store.ts";
import type { RunStore, RunView } from "./run-store.ts";

const LARGE = 20_000;
const LARGE_EVERY_MS = 250;

/** A small run is shown with the next frame, a large one a few times a second. */
function schedule(flush: () => void, rows: number): void {
  if (rows > LARGE) setTimeout(flush, LARGE_EVERY_MS);
  else if (document.hidden) setTimeout(flush, 1000);
  else requestAnimationFrame(flush);
}

export interface Run {
  view: RunView;
  connection: RunConnection;
  failure: unknown;
}

export function useRun(id: string): Run {
  const [store] = useState<RunStore>(() => createRunStore(schedule));
  const [connection, setConnection] = useState<RunConnection>("connecting");
  const [failure, setFailure] = useState<unknown>(null);
  useEffect(() => {
    const over = new AbortController();
    followRun(id, store, over.signal, setConnection).catch((error: unknown) => setFailure(error));
    return () => over.abort();
  }, [id, store]);
  const view = useSyncExternalStore(store.subscribe, store.view);
  return { view, connection, failure };
}

/** The task itself, fetched again when its log or the feed says that it looks different. */
export function useTask(id: string, view: RunView): Resource<Task> & { reload: () => void } {
  const known = useStore(feed)?.tasks.find((task) => task.id === id);
  const mark = [
    view.summary.taskChangedAt,
    known?.state,
    known?.reason,
    known?.asks.length,
    known?.cancelRequested,
    known?.limits.costUsd,
    known?.limits.wallMs,
  ].join(" ");
  return useResource((signal) => api.getTask(id, { signal }), id, mark);
}
