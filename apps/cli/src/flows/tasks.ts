import { MAX_PAGE, TASK_STATES, isAgencyError } from "@agency/contract";
import type { Task, TaskState } from "@agency/contract";
import type { Client, TaskFilter } from "@agency/client";
import { EXIT } from "../exit-codes.ts";
import { renderTaskPage } from "../render/task-page.ts";
import { renderTaskTable } from "../render/task-table.ts";
import { isOver } from "../render/task-words.ts";
import { oneLine } from "../render/text.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { findTask, findTasks } from "./find-task.ts";
import { readWords } from "./read-text.ts";

const DEFAULT_ROWS = 20;

interface ListOptions {
  state: TaskState[] | undefined;
  engine: string | undefined;
  provider: string | undefined;
  label: readonly [string, string] | undefined;
  search: string | undefined;
  limit: number | undefined;
}

export async function list(session: Session, options: ListOptions): Promise<number> {
  const { output, json, world, signal } = session;
  const client = await session.client();
  const { tasks, more } = await readTasks(client, filterOf(options), options.limit ?? DEFAULT_ROWS, signal);
  if (json) output.json(tasks);
  else if (tasks.length > 0)
    output.print(renderTaskTable(tasks, { style: output.style, width: output.width }, world.clock.now()));
  else output.note('No tasks. Start one with `agency run "…"`.');
  if (more && !json)
    output.note(output.noteStyle.dim(`There are more: \`agency ls --limit ${tasks.length * 5}\`.`));
  return EXIT.done;
}

function filterOf({ state, engine, provider, label, search }: ListOptions): TaskFilter {
  return {
    ...(state === undefined ? {} : { states: state }),
    ...(engine === undefined ? {} : { engine }),
    ...(provider === undefined ? {} : { provider }),
    ...(label === undefined ? {} : { label: { key: label[0], value: label[1] } }),
    ...(search === undefined ? {} : { search }),
  };
}

async function readTasks(client: Client, filter: TaskFilter, most: number, signal: AbortSignal) {
  const tasks: Task[] = [];
  let cursor: string | null = null;
  do {
    const limit = Math.min(MAX_PAGE, most - tasks.length);
    const page = await client.listTasks(
      { ...filter, limit, ...(cursor === null ? {} : { cursor }) },
      { signal },
    );
    tasks.push(...page.tasks);
    cursor = page.nextCursor;
  } while (cursor !== null && tasks.length < most);
  return { tasks, more: cursor !== null };
}

export async function show(session: Session, reference: string): Promise<number> {
  const { output, json, world, signal } = session;
  const client = await session.client();
  const task = await findTask(client, reference, signal);
  if (json) output.json(task);
  else output.print(renderTaskPage(task, { style: output.style, width: output.width }, world.clock.now()));
  return EXIT.done;
}

export async function tell(
  session: Session,
  reference: string,
  words: string[],
  nextTurn: boolean,
): Promise<number> {
  const { output, json, signal } = session;
  const text = await readWords(session, words, "message");
  const client = await session.client();
  const task = await findTask(client, reference, signal);
  const mode = nextTurn ? "next_turn" : "steer";
  await client.sendMessage(task.id, { text, mode }, { signal });
  if (json) output.json({ id: task.id, mode });
  else
    output.print(
      `Told ${oneLine(task.name)}: the agent sees it ${nextTurn ? "after this turn" : "while it works"}.`,
    );
  return EXIT.done;
}

export async function stop(
  session: Session,
  references: string[],
  { all, discard }: { all: boolean; discard: boolean },
): Promise<number> {
  const { output, json, signal } = session;
  if (all === references.length > 0) {
    throw new UsageError("Say which tasks to stop.", "Name them, or pass --all and no names.");
  }
  const client = await session.client();
  const unfinished = TASK_STATES.filter((state) => !isOver(state));
  const chosen = all
    ? (await readTasks(client, { states: unfinished }, Infinity, signal)).tasks
    : await findTasks(client, references, signal);
  const stopped: Task[] = [];
  for (const task of chosen) {
    const answer = await cancel(client, task, { signal, discard });
    stopped.push(answer);
    if (!json)
      output.print(
        isOver(task.state) ? `${oneLine(task.name)} had already ended.` : `Stopping ${oneLine(task.name)}.`,
      );
  }
  if (json) output.json(stopped);
  else if (chosen.length === 0) output.print("No task is running.");
  return EXIT.done;
}

/** What was kept is the only copy, so saying it twice is asked for. */
export async function remove(session: Session, references: string[], yes: boolean): Promise<number> {
  const { output, json, signal } = session;
  const client = await session.client();
  const tasks = await findTasks(client, references, signal);
  if (!yes) {
    const names = tasks.map((task) => oneLine(task.name)).join(", ");
    throw new UsageError(`This deletes for good: ${names}.`, "Pass --yes to do it.");
  }
  for (const task of tasks) {
    await client.deleteTask(task.id, { signal });
    if (!json) output.print(`Deleted ${oneLine(task.name)}.`);
  }
  if (json) output.json(tasks.map(({ id }) => ({ id })));
  return EXIT.done;
}

/** A task that ended by itself in the meantime is as good as stopped. */
async function cancel(
  client: Client,
  task: Task,
  { signal, discard }: { signal: AbortSignal; discard: boolean },
): Promise<Task> {
  try {
    return await client.cancelTask(task.id, { signal, discard });
  } catch (error) {
    if (isAgencyError(error) && error.code === "task_finished") return client.getTask(task.id, { signal });
    throw error;
  }
}
