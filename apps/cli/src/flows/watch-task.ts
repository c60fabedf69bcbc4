import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { EXIT, exitCodeOfTask } from "../exit-codes.ts";
import { renderTaskEnd, renderTaskStart } from "../render/task-frame.ts";
import { isOver } from "../render/task-words.ts";
import type { Session } from "../session.ts";
import { takeInterrupts } from "./detach.ts";
import type { Detach } from "./detach.ts";
import { printTask } from "./task-printer.ts";

/** Makes a task and stays with it to its end, or says its id and goes. */
export async function startAndWatch(
  session: Session,
  client: Client,
  start: () => Promise<Task>,
  { detach }: { detach: boolean },
): Promise<number> {
  const { output, json } = session;
  const interrupted = takeInterrupts(session, client);
  try {
    const task = await start();
    if (!detach) return await watch(session, client, task, interrupted);
    if (json) output.json(task);
    else output.print(task.id);
    output.note(output.noteStyle.dim(`Watch it with \`agency logs -f ${task.id}\`.`));
    return EXIT.done;
  } finally {
    interrupted.release();
  }
}

async function watch(session: Session, client: Client, task: Task, interrupted: Detach): Promise<number> {
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
