import type { ChangeLimitsInput, Task } from "@agency/contract";
import { EXIT } from "../exit-codes.ts";
import type { Cap, Change } from "../parse/values.ts";
import { formatDuration, formatLimit, formatUsd, plural } from "../render/numbers.ts";
import { oneLine } from "../render/text.ts";
import { runTimeMs } from "../render/task-words.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { findTask } from "./find-task.ts";

export async function pause(session: Session, reference: string): Promise<number> {
  const client = await session.client();
  const found = await findTask(client, reference, session.signal);
  const task = await client.pauseTask(found.id, { signal: session.signal });
  return tell(session, task, `Paused ${oneLine(task.name)}: the agent ends the step it is in.`);
}

interface LimitOptions {
  timeout: Change | undefined;
  silence: Change | undefined;
  turns: Change | undefined;
  budget: Change | undefined;
  treeBudget: Change | undefined;
}

const FIELDS = {
  timeout: "wallMs",
  silence: "silenceMs",
  turns: "turns",
  budget: "costUsd",
  treeBudget: "treeCostUsd",
} as const;

export async function limits(session: Session, reference: string, options: LimitOptions): Promise<number> {
  const client = await session.client();
  const found = await findTask(client, reference, session.signal);
  const change = changeOf(options);
  const task =
    change === null ? found : await client.changeLimits(found.id, change, { signal: session.signal });
  return tell(session, task, describeLimits(task, session.world.clock.now()));
}

interface Caps {
  day: Cap | undefined;
  month: Cap | undefined;
}

export async function budget(
  session: Session,
  reference: string | undefined,
  amount: string | undefined,
  change: Change | undefined,
  caps: Caps,
): Promise<number> {
  const forAccount = caps.day !== undefined || caps.month !== undefined;
  if (reference === undefined) return accountBudget(session, caps);
  if (forAccount) {
    throw new UsageError("--day and --month are of the account, not of a task.", "Leave the task out.");
  }
  const client = await session.client();
  const found = await findTask(client, reference, session.signal);
  if (amount === undefined || change === undefined) return tell(session, found, [spending(found)]);
  const input: ChangeLimitsInput = { [change.how]: { costUsd: change.amount } };
  const task = await client.changeLimits(found.id, input, { signal: session.signal });
  return tell(session, task, [spending(task)]);
}

async function accountBudget(
  { output, json, client, signal }: Session,
  { day, month }: Caps,
): Promise<number> {
  const api = await client();
  const caps = {
    ...(day === undefined ? {} : { dayUsd: capOf(day) }),
    ...(month === undefined ? {} : { monthUsd: capOf(month) }),
  };
  const now =
    Object.keys(caps).length === 0 ? await api.budget({ signal }) : await api.setBudget(caps, { signal });
  if (json) output.json(now);
  else {
    for (const [name, span] of Object.entries({ Today: now.day, "This month": now.month })) {
      const cap = span.capUsd === null ? "no cap" : `of ${formatUsd(span.capUsd)}`;
      output.print(
        `${name.padEnd(11)}${formatUsd(span.spentUsd)} ${cap}, until ${span.resetsAt.slice(0, 10)} UTC`,
      );
    }
  }
  return EXIT.done;
}

const capOf = (cap: Cap): number | null => (cap === "none" ? null : cap);

function changeOf(options: LimitOptions): ChangeLimitsInput | null {
  const set: Record<string, number> = {};
  const add: Record<string, number> = {};
  for (const [option, field] of Object.entries(FIELDS)) {
    const change = options[option as keyof LimitOptions];
    if (change !== undefined) (change.how === "set" ? set : add)[field] = change.amount;
  }
  return Object.keys(set).length + Object.keys(add).length === 0 ? null : { set, add };
}

function describeLimits(task: Task, nowMs: number): string[] {
  const { limits: most } = task;
  const worked = Math.max(0, (runTimeMs(task, nowMs) ?? 0) - task.waitedMs);
  return [
    `Time     ${formatDuration(worked)} of ${formatLimit(most.wallMs)}`,
    `Silence  ${formatLimit(most.silenceMs)} at most`,
    `Turns    ${task.usage.calls} of ${plural(most.turns, "turn")}`,
    `Money    ${spending(task)}`,
  ];
}

function spending({ costUsd, limits: { costUsd: cap, treeCostUsd } }: Task): string {
  const tree = treeCostUsd === undefined ? "" : `; ${formatUsd(treeCostUsd)} with all below it`;
  return `${formatUsd(costUsd)} of ${formatUsd(cap)}${tree}`;
}

function tell({ output, json }: Session, task: Task, lines: string | string[]): number {
  if (json) output.json(task);
  else output.print(lines);
  return EXIT.done;
}
