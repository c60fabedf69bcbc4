import { MAX_PAGE } from "@agency/contract";
import type { Task, TaskEvent } from "@agency/contract";
import type { Client } from "@agency/client";
import { EXIT } from "../exit-codes.ts";
import type { Since } from "../parse/duration.ts";
import { isOver } from "../render/task-words.ts";
import type { Session } from "../session.ts";
import { findTask } from "./find-task.ts";
import { printTask } from "./task-printer.ts";

interface LogOptions {
  follow: boolean;
  since: Since | undefined;
  tail: number | undefined;
}

export async function logs(session: Session, reference: string, options: LogOptions): Promise<number> {
  const { world, signal } = session;
  const client = await session.client();
  const task = await findTask(client, reference, signal);
  if (task.expired?.events !== undefined)
    session.output.note(`The events of this task are no longer kept since ${task.expired.events}.`);
  const printer = printTask(session, task, { live: options.follow && !isOver(task.state) });
  const fromMs = instantOf(options.since, world.clock.now());
  const after = options.tail === undefined ? 0 : Math.max(0, task.lastSeq - options.tail);
  const events = options.follow
    ? client.events(task.id, { after, signal, onState: printer.state })
    : storedEvents(client, task, after, signal);
  try {
    for await (const event of events) {
      if (Date.parse(event.at) >= fromMs) printer.event(event);
    }
  } finally {
    printer.close();
  }
  return session.interrupts.signal.aborted ? EXIT.interrupted : EXIT.done;
}

function instantOf(since: Since | undefined, nowMs: number): number {
  if (since === undefined) return -Infinity;
  return "agoMs" in since ? nowMs - since.agoMs : since.atMs;
}

async function* storedEvents(
  client: Client,
  task: Task,
  first: number,
  signal: AbortSignal,
): AsyncGenerator<TaskEvent> {
  let after: number | null = first;
  while (after !== null) {
    const page = await client.listEvents(task.id, { after, limit: MAX_PAGE }, { signal });
    yield* page.events;
    after = page.nextAfter;
  }
}
