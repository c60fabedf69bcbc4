import { FEED_RECENT, TERMINAL_STATES } from "@agency/contract";
import type { FeedUpdate, TaskState, TaskSummary } from "@agency/contract";

export type FeedTasks = Map<string, TaskSummary>;

/**
 * Takes what comes until the stream ends. It is `heard` once a change has been taken: after a snapshot that the first
 * change cannot be added to, the stream would be opened again and again without a pause.
 */
export async function takeEach(
  updates: AsyncIterable<FeedUpdate>,
  take: (update: FeedUpdate) => void,
  heard: () => void,
): Promise<void> {
  for await (const update of updates) {
    take(update);
    if (update.type === "change") heard();
  }
}

/** Newest first. A snapshot replaces everything: after a gap nothing that was known can be trusted. */
export function applyUpdate(known: FeedTasks, update: FeedUpdate, now: number): TaskSummary[] {
  if (update.type === "snapshot") known.clear();
  else for (const id of update.removed) known.delete(id);
  for (const task of update.tasks) known.set(task.id, task);
  trim(known, now);
  return [...known.values()].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
}

/** A page stays open for weeks: of what is over it keeps as much as a snapshot brings. */
function trim(known: FeedTasks, now: number): void {
  const over = [...known.values()]
    .filter((task) => isOver(task.state))
    .toSorted((a, b) => endOf(b).localeCompare(endOf(a)));
  const failed = over.filter((task) => task.state === "failed" && isNews(task, now)).slice(0, FEED_RECENT);
  const kept = new Set([...over.slice(0, FEED_RECENT), ...failed]);
  for (const task of over) if (!kept.has(task)) known.delete(task.id);
}

function endOf({ finishedAt, createdAt }: TaskSummary): string {
  return finishedAt ?? createdAt;
}

export function isOver(state: TaskState): boolean {
  return TERMINAL_STATES.some((terminal) => terminal === state);
}

/** Of the counts by state: those that are not over. */
export function liveOf(counts: Readonly<Record<string, number>>): number {
  const over = new Set<string>(TERMINAL_STATES);
  return Object.entries(counts).reduce((sum, [state, count]) => (over.has(state) ? sum : sum + count), 0);
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

function isNews({ finishedAt }: TaskSummary, now: number): boolean {
  return finishedAt !== null && now - new Date(finishedAt).getTime() < NEWS_MS;
}

function placeOf(task: TaskSummary, dismissed: ReadonlySet<string>, now: number): keyof Overview {
  if (isOver(task.state)) {
    return task.state === "failed" && isNews(task, now) && !dismissed.has(task.id) ? "failures" : "recent";
  }
  if (task.asks.length > 0 || task.waits.some((wait) => wait.reason === "budget")) return "needsMe";
  return task.state === "queued" || task.state === "scheduled" ? "waiting" : "running";
}
