import { randomUUID } from "node:crypto";
import { EXIT } from "../exit-codes.ts";
import { oneLine } from "../render/text.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { findTask } from "./find-task.ts";
import { readWords } from "./read-text.ts";
import { toNextTask } from "./run-input.ts";
import type { Terms } from "./run-input.ts";
import { startAndWatch } from "./watch-task.ts";

interface Options extends Terms {
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
  const { fork, from } = options;
  const resumed = { taskId: parent.id, fork, ...(from === undefined ? {} : { checkpoint: from }) };
  const input = toNextTask(prompt, parent, resumed, options);
  return startAndWatch(
    session,
    client,
    () => client.createTask(input, { idempotencyKey: randomUUID() }),
    options,
  );
}

/** All of them are about the task that words begin. */
function isAny({ fork, from, detach, timeout, budget, deliver, pr, check }: Options): boolean {
  const given = [from, timeout, budget, deliver, pr, check[0]].some((option) => option !== undefined);
  return fork || detach || given;
}

async function endPause(session: Session, reference: string, options: Options): Promise<number> {
  if (isAny(options)) {
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
