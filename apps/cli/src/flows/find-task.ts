import { AgencyError, MAX_PAGE } from "@agency/contract";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { oneLine } from "../render/text.ts";
import { UsageError } from "../usage-error.ts";

const FULL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ID_START = /^[0-9a-f-]{4,}$/;
/** How far back a beginning of an id is looked for: 2,000 tasks. */
const MOST_PAGES = 20;

/** A task by its id, the beginning of it, its name, or `@last`. */
export async function findTask(client: Client, reference: string, signal: AbortSignal): Promise<Task> {
  const wanted = reference.trim();
  if (wanted === "") throw new UsageError("The name of the task is empty.", "`agency ls` shows the tasks.");
  const lower = wanted.toLowerCase();
  if (FULL_ID.test(lower)) return client.getTask(lower, { signal });
  if (wanted === "@last") return newest(client, signal);
  const byId = ID_START.test(lower) ? await findByIdStart(client, lower, signal) : [];
  const found = byId.length > 0 ? byId : await findByName(client, wanted, signal);
  const [task, ...others] = found;
  if (task === undefined) throw notFound(wanted);
  if (others.length > 0) throw ambiguous(wanted, found);
  return task;
}

export async function findTasks(
  client: Client,
  references: readonly string[],
  signal: AbortSignal,
): Promise<Task[]> {
  const found = await Promise.all(references.map((reference) => findTask(client, reference, signal)));
  return [...new Map(found.map((task) => [task.id, task])).values()];
}

async function newest(client: Client, signal: AbortSignal): Promise<Task> {
  const [task] = (await client.listTasks({ limit: 1 }, { signal })).tasks;
  if (task === undefined)
    throw new AgencyError("not_found", "There are no tasks yet.", {
      next: 'Start one with `agency run "…"`.',
    });
  return task;
}

/** Ids grow with time and the list begins with the newest, so it is enough to read down to the place. */
async function findByIdStart(client: Client, start: string, signal: AbortSignal): Promise<Task[]> {
  const found: Task[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { tasks, nextCursor } = await client.listTasks(
      { limit: MAX_PAGE, ...(cursor === null ? {} : { cursor }) },
      { signal },
    );
    found.push(...tasks.filter((task) => task.id.startsWith(start)));
    const last = tasks.at(-1);
    if (nextCursor === null || last === undefined || last.id.slice(0, start.length) < start) break;
    cursor = nextCursor;
  }
  return found;
}

async function findByName(client: Client, name: string, signal: AbortSignal): Promise<Task[]> {
  const { tasks } = await client.listTasks({ search: name.slice(0, 200), limit: MAX_PAGE }, { signal });
  return tasks.filter((task) => task.name === name);
}

function notFound(reference: string): AgencyError {
  return new AgencyError("not_found", `No task has the id or the name "${reference}".`, {
    next: "`agency ls` shows the tasks; @last is the newest.",
  });
}

function ambiguous(reference: string, found: readonly Task[]): AgencyError {
  const shown = found.slice(0, 5).map((task) => `  ${task.id}  ${oneLine(task.name)}`);
  const more = found.length > shown.length ? [`  … and ${found.length - shown.length} more`] : [];
  return new AgencyError(
    "invalid_request",
    [`"${reference}" fits ${found.length} tasks.`, ...shown, ...more].join("\n"),
    {
      next: "Give more of the id.",
    },
  );
}
