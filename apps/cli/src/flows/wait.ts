import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { EXIT, exitCodeOfTasks } from "../exit-codes.ts";
import { formatDuration } from "../render/numbers.ts";
import type { Style } from "../render/style.ts";
import { missingOf } from "../render/task-outcome.ts";
import { isOver, paintState } from "../render/task-words.ts";
import { oneLine } from "../render/text.ts";
import type { Session } from "../session.ts";
import { findTasks } from "./find-task.ts";

export async function wait(
  session: Session,
  references: string[],
  timeoutMs: number | undefined,
): Promise<number> {
  const { output, json, world } = session;
  const client = await session.client();
  const tasks = await findTasks(client, references, session.signal);
  const ended = new AbortController();
  const late = new AbortController();
  const signal = AbortSignal.any([session.signal, late.signal]);
  if (timeoutMs !== undefined) void world.clock.sleep(timeoutMs, ended.signal).then(() => late.abort());
  try {
    const outcomes = await Promise.all(tasks.map((task) => outcomeOf(client, task, signal)));
    if (session.interrupts.signal.aborted) return EXIT.interrupted;
    if (json) output.json(outcomes);
    else output.print(outcomes.flatMap((task) => linesOf(task, output.style)));
    const unfinished = outcomes.filter((task) => !isOver(task.state));
    if (unfinished.length === 0) return exitCodeOfTasks(outcomes);
    output.note(`Not over after ${formatDuration(timeoutMs ?? 0)}; the work goes on.`);
    return EXIT.timedOut;
  } finally {
    ended.abort();
  }
}

function linesOf(task: Task, style: Style): string[] {
  const missing = missingOf(task);
  const line = `${paintState(style, task.state)(task.state)}  ${oneLine(task.name)}`;
  return missing === null ? [line] : [line, `  ${oneLine(missing)}`];
}

/** The task when it is over, or as it is when the signal aborts. */
async function outcomeOf(client: Client, task: Task, signal: AbortSignal): Promise<Task> {
  if (isOver(task.state)) return task;
  for await (const event of client.events(task.id, { after: task.lastSeq, types: ["status"], signal })) {
    if (event.type === "status" && isOver(event.data.state)) break;
  }
  return client.getTask(task.id);
}
