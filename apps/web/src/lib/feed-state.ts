import { TERMINAL_STATES } from "@agency/contract";
import type { FeedUpdate, TaskState, TaskSummary } from "@agency/contract";

export type FeedTasks = Map<string, TaskSummary>;

/** Newest first. A snapshot replaces everything: after a gap nothing that was known can be trusted. */
export function applyUpdate(known: FeedTasks, update: FeedUpdate): TaskSummary[] {
  if (update.type === "snapshot") known.clear();
  else for (const id of update.removed) known.delete(id);
  for (const task of update.tasks) known.set(task.id, task);
  return [...known.values()].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
}

export function isOver(state: TaskState): boolean {
  return TERMINAL_STATES.some((terminal) => terminal === state);
}

/** Failures are news for a day. */
const NEWS_MS = 24 * 60 * 60_000;

export interface Overview {
  needsMe: TaskSummary[];
  failures: TaskSummary[];
  running: TaskSummary[];
  waiting: TaskSummary[];
  recent: TaskSummary[];
}

/** What stands where on the home page. A task stands in one place only. */
export function overviewOf(
  tasks: readonly TaskSummary[],
  dismissed: ReadonlySet<string>,
  now: number,
): Overview {
  const overview: Overview = { needsMe: [], failures: [], running: [], waiting: [], recent: [] };
  for (const task of tasks) overview[placeOf(task, dismissed, now)].push(task);
  return overview;
}

function placeOf(task: TaskSummary, dismissed: ReadonlySet<string>, now: number): keyof Overview {
  if (isOver(task.state)) {
    const isNews = task.finishedAt !== null && now - new Date(task.finishedAt).getTime() < NEWS_MS;
    return task.state === "failed" && isNews && !dismissed.has(task.id) ? "failures" : "recent";
  }
  if (task.asks.length > 0 || task.waits.some((wait) => wait.reason === "budget")) return "needsMe";
  return task.state === "queued" || task.state === "scheduled" ? "waiting" : "running";
}
