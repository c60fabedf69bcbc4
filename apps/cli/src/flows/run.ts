import { randomUUID } from "node:crypto";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { EXIT, exitCodeOfTask } from "../exit-codes.ts";
import { renderTaskEnd, renderTaskStart } from "../render/task-frame.ts";
import { isOver } from "../render/task-words.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { clientOrStart } from "./client-or-start.ts";
import { takeInterrupts } from "./detach.ts";
import { readFromEditor, readPromptFile, readWords } from "./read-text.ts";
import { readTaskSecrets } from "./read-secret.ts";
import { toCreateTask } from "./run-input.ts";
import type { RunOptions } from "./run-input.ts";
import { printTask } from "./task-printer.ts";

interface Options extends RunOptions {
  promptFile: string | undefined;
  edit: boolean;
  detach: boolean;
  secret: string[];
}

/** Everything is checked before anything is started: a mistake leaves nothing behind. */
export async function run(session: Session, words: string[], options: Options): Promise<number> {
  const { output, json } = session;
  const prompt = await readPrompt(session, words, options);
  const input = toCreateTask(prompt, options, await readTaskSecrets(session, options.secret));
  const client = await clientOrStart(session);
  const interrupted = takeInterrupts(session, client);
  try {
    const task = await client.createTask(input, { idempotencyKey: randomUUID() });
    if (!options.detach) return await watch(session, client, task, interrupted);
    if (json) output.json(task);
    else output.print(task.id);
    output.note(output.noteStyle.dim(`Watch it with \`agency logs -f ${task.id}\`.`));
    return EXIT.done;
  } finally {
    interrupted.release();
  }
}

const DEMO_PROMPT = "Write a small command-line program with a test, run the test, and fix what fails.";

async function readPrompt(session: Session, words: string[], options: Options): Promise<string> {
  const { promptFile, edit, command, demo } = options;
  if (promptFile !== undefined && (edit || words.length > 0)) {
    throw new UsageError(
      "The prompt is given twice.",
      "Use one of: words, --prompt-file, --edit, or - for stdin.",
    );
  }
  if (promptFile !== undefined) return readPromptFile(session, promptFile);
  if (edit) return readFromEditor(session, words.join(" "));
  if (words.length === 0 && command !== undefined) return command;
  if (words.length === 0 && demo) return DEMO_PROMPT;
  return readWords(session, words, "prompt");
}

async function watch(
  session: Session,
  client: Client,
  task: Task,
  interrupted: ReturnType<typeof takeInterrupts>,
): Promise<number> {
  const { output, json } = session;
  const look = { style: output.style, width: output.width };
  interrupted.watching(task);
  if (json) output.json({ type: "task", task });
  else output.print(renderTaskStart(task, look));
  const printer = printTask(session, task, { live: true });
  const signal = AbortSignal.any([interrupted.detached, output.closed]);
  try {
    for await (const event of client.events(task.id, { signal, onState: printer.state }))
      printer.event(event);
  } finally {
    printer.close();
  }
  if (output.closed.aborted) return EXIT.done;
  if (interrupted.detached.aborted) {
    output.note(`The run goes on. Watch it: agency logs -f ${task.id}   Stop it: agency stop ${task.id}`);
    return EXIT.interrupted;
  }
  const final = await client.getTask(task.id);
  if (json) output.json({ type: "result", task: final });
  else output.print(renderTaskEnd(final, look, printer.shown));
  if (interrupted.stopping && isOver(final.state)) return EXIT.interrupted;
  return exitCodeOfTask(final);
}
