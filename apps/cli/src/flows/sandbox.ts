import { AgencyError } from "@agency/contract";
import type { Task } from "@agency/contract";
import { EXIT } from "../exit-codes.ts";
import { formatDuration } from "../render/numbers.ts";
import { oneLine } from "../render/text.ts";
import type { Change } from "../parse/values.ts";
import type { Session } from "../session.ts";
import { attachTerminal } from "../terminal/attach.ts";
import type { Near } from "../terminal/attach.ts";
import { connectTerminal } from "../terminal/connect.ts";
import type { World } from "../world.ts";
import { UsageError } from "../usage-error.ts";
import { findTask } from "./find-task.ts";

export async function shell(
  session: Session,
  reference: string,
  command: string | undefined,
): Promise<number> {
  const { world, interrupts } = session;
  const isTerminal = world.stdin.isTTY === true && world.stdout.isTTY === true;
  if (command === undefined && world.stdin.isTTY === true && !isTerminal)
    throw new UsageError(
      "A shell needs a terminal to write to.",
      "Name a command with -c to write into a file.",
    );
  const target = await session.target();
  const task = await findTask(session.clientFor(target), reference, session.signal);
  const socket = await connectTerminal(target, task.id, session.signal);
  const raw = isTerminal && world.stdin.setRawMode !== undefined;
  // In a terminal it is a byte for the program inside; with pipes it ends everything.
  const release = interrupts.take(() => socket.destroy());
  if (raw) world.stdin.setRawMode?.(true);
  try {
    return await attachTerminal(socket, nearEnd(world, isTerminal), command ?? null);
  } finally {
    if (raw) world.stdin.setRawMode?.(false);
    release();
  }
}

function nearEnd({ stdin, stdout, stderr }: World, isTerminal: boolean): Near {
  const size = () => ({ columns: bounded(stdout.columns ?? 80), rows: bounded(stdout.rows ?? 24) });
  return {
    input: stdin,
    output: stdout,
    errorOutput: stderr,
    size: isTerminal ? size() : null,
    onResize: (listener) => {
      if (!isTerminal) return () => undefined;
      const changed = (): void => listener(size());
      stdout.on("resize", changed);
      return () => void stdout.off("resize", changed);
    },
  };
}

const bounded = (count: number): number => Math.min(1000, Math.max(1, count));

export async function keep(session: Session, reference: string, change: Change): Promise<number> {
  if (change.how === "add" && change.amount < 0)
    throw new UsageError("A sandbox is kept longer, not shorter.", "Say for how long from now, such as 30m.");
  const client = await session.client();
  const { signal } = session;
  const found = await findTask(client, reference, signal);
  const asked = change.how === "add" ? { addMs: change.amount } : { ms: change.amount };
  return tell(session, await client.keepSandbox(found.id, asked, { signal }));
}

export async function release(session: Session, reference: string): Promise<number> {
  const client = await session.client();
  const { signal } = session;
  const found = await findTask(client, reference, signal);
  const task = await client.releaseSandbox(found.id, { signal });
  const text = task.finishedAt === null ? "will not be kept." : "is gone.";
  return tell(session, task, `The sandbox of ${oneLine(task.name)} ${text}`);
}

function tell(
  { output, json, world }: Session,
  task: Task,
  text = keptText(task, world.clock.now()),
): number {
  if (json) output.json(task);
  else output.print(text);
  return EXIT.done;
}

function keptText(task: Task, now: number): string {
  const name = oneLine(task.name);
  if (task.sandbox !== null) {
    const left = formatDuration(Date.parse(task.sandbox.keptUntil) - now);
    return `The sandbox of ${name} is kept until ${task.sandbox.keptUntil} (${left}).`;
  }
  if (task.keepMs === null) throw new AgencyError("conflict", `The sandbox of ${name} is not kept.`);
  return `The sandbox of ${name} stays for ${formatDuration(task.keepMs)} when it is over.`;
}
