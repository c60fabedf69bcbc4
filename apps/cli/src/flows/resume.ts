import { randomUUID } from "node:crypto";
import type { CreateTaskInput, Task } from "@agency/contract";
import { EXIT } from "../exit-codes.ts";
import { oneLine } from "../render/text.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { findTask } from "./find-task.ts";
import { readWords } from "./read-text.ts";
import { startAndWatch } from "./watch-task.ts";

interface Options {
  fork: boolean;
  from: number | undefined;
  detach: boolean;
}

/** With words: a new task that goes on from the files and the memory of this one. Without: a pause ends. */
export async function resume(
  session: Session,
  reference: string,
  words: string[],
  options: Options,
): Promise<number> {
  if (words.length === 0) return endPause(session, reference, options);
  const prompt = await readWords(session, words, "instruction");
  const client = await session.client();
  const parent = await findTask(client, reference, session.signal);
  const input = nextTask(parent, prompt, options);
  return startAndWatch(
    session,
    client,
    () => client.createTask(input, { idempotencyKey: randomUUID() }),
    options,
  );
}

/** As the parent ran: what the server does not take over by itself, because a request cannot leave it open. */
function nextTask(parent: Task, prompt: string, { fork, from }: Options): CreateTaskInput {
  const { engine, provider, allowInternalNetwork, onBudget, onUsageLimit, labels, priority, demo } = parent;
  const kept = { engine, provider, allowInternalNetwork, onBudget, onUsageLimit, labels, priority, demo };
  const resume = { taskId: parent.id, fork, ...(from === undefined ? {} : { checkpoint: from }) };
  return { prompt, ...kept, resume };
}

async function endPause(
  session: Session,
  reference: string,
  { fork, from, detach }: Options,
): Promise<number> {
  if (fork || from !== undefined || detach) {
    throw new UsageError(
      "There is no instruction to go on with.",
      'Write it behind the task: agency resume ID "next instruction".',
    );
  }
  const { output, json, signal } = session;
  const client = await session.client();
  const found = await findTask(client, reference, signal);
  const task = await client.resumeTask(found.id, { signal });
  const still =
    task.state === "waiting" && task.message !== null ? ` It still waits: ${oneLine(task.message)}` : "";
  if (json) output.json(task);
  else output.print(`${oneLine(task.name)} goes on.${still}`);
  return EXIT.done;
}
