import { WAIT_REASONS } from "@agency/contract";
import type { EventBody, RunnerCommandBody } from "@agency/contract";
import { done, notNow, stepped } from "./result.ts";
import type { Effect, StepResult, TaskCommand, TaskSnapshot, WaitSnapshot } from "./snapshot.ts";

/** An agent that asks without end is told that it may not. */
export const MAX_WAITS = 64;

type WaitCommand = Extract<TaskCommand, { kind: "wait" | "pause" | "ask" }>;
type AnswerCommand = Extract<TaskCommand, { kind: "answer" }>;

export function beginWait(task: TaskSnapshot, command: WaitCommand, now: number): StepResult {
  if ((task.state !== "running" && task.state !== "waiting") || task.desired === "cancel")
    return notNow(task);
  const wait = waitOf(command, now);
  const earlier = task.waits.find((other) => other.id === wait.id);
  // Asked or paused twice is once; what the broker waits for may have a new time.
  if (earlier !== undefined && command.kind !== "wait") return done(task);
  if (earlier === undefined && task.waits.length >= MAX_WAITS) return notNow(task);
  const others = task.waits.filter((other) => other.id !== wait.id);
  const said: EventBody[] = command.kind === "ask" ? [{ type: "ask", data: { ask: command.ask } }] : [];
  return withWaits(task, [...others, { ...wait, since: earlier?.since ?? now }], now, said);
}

export function endWait(task: TaskSnapshot, id: string, now: number): StepResult {
  if (task.state !== "running" && task.state !== "waiting") return notNow(task);
  if (!task.waits.some((wait) => wait.id === id)) return done(task);
  const left = task.waits.filter((wait) => wait.id !== id);
  return withWaits(task, left, now, []);
}

export function answerAsk(task: TaskSnapshot, { askId, answer, by }: AnswerCommand, now: number): StepResult {
  const asked = task.waits.find((wait) => wait.id === askId);
  const wanted = answer.kind === "question" ? "needs_input" : "needs_approval";
  if (asked?.reason !== wanted) return notNow(task);
  const left = task.waits.filter((wait) => wait.id !== askId);
  const tell: Effect = { kind: "tell_runner", command: { kind: "answer", askId, answer } };
  return withWaits(task, left, now, [{ type: "answer", data: { askId, answer, by } }], [tell]);
}

/** The attempt goes on to its end, whatever it was waiting for. */
export function leaveWaits(task: TaskSnapshot, now: number): TaskSnapshot {
  if (task.waits.length === 0) return task;
  return { ...task, waits: [], waitingSince: null, waitedMs: waitedUntil(task, now) };
}

/** All the time the task has waited, a wait that still holds included. */
export function waitedUntil(task: Pick<TaskSnapshot, "waitedMs" | "waitingSince">, now: number): number {
  return task.waitedMs + (task.waitingSince === null ? 0 : Math.max(0, now - task.waitingSince));
}

/** The wait that is shown: the one that most needs a person. */
export function firstWait(waits: readonly WaitSnapshot[]): WaitSnapshot | null {
  for (const reason of WAIT_REASONS) {
    const found = waits.find((wait) => wait.reason === reason);
    if (found !== undefined) return found;
  }
  return null;
}

function waitOf(command: WaitCommand, now: number): WaitSnapshot {
  switch (command.kind) {
    case "pause":
      return { id: "paused_by_user", reason: "paused_by_user", since: now, until: null, message: null };
    case "wait": {
      const { reason, until, message } = command;
      return { id: reason, reason, since: now, until, message };
    }
    case "ask": {
      const { ask } = command;
      const reason = ask.kind === "question" ? "needs_input" : "needs_approval";
      const message = ask.kind === "question" ? (ask.questions[0]?.text ?? "") : `${ask.tool}: ${ask.title}`;
      return { id: ask.id, reason, since: now, until: null, message: shorten(message) };
    }
  }
}

function withWaits(
  task: TaskSnapshot,
  waits: readonly WaitSnapshot[],
  now: number,
  said: readonly EventBody[],
  first: readonly Effect[] = [],
): StepResult {
  const shown = firstWait(waits);
  const next: TaskSnapshot = {
    ...task,
    state: shown === null ? "running" : "waiting",
    reason: shown?.reason ?? null,
    waits,
    waitingSince: shown === null ? null : (task.waitingSince ?? now),
    waitedMs: shown === null ? waitedUntil(task, now) : task.waitedMs,
  };
  const frame = frameOf(waits);
  const tell: Effect[] = same(frame, frameOf(task.waits)) ? [] : [{ kind: "tell_runner", command: frame }];
  const changed = !same(shown, firstWait(task.waits));
  const events = changed ? [...said, statusOf(next, shown)] : said;
  return stepped({ next, events, effects: [...first, ...tell, { kind: "wake_supervisor" }] });
}

/** What the runner must know: whether its clocks stand still, and whether the agent itself must. */
function frameOf(waits: readonly WaitSnapshot[]): RunnerCommandBody {
  const shown = firstWait(waits);
  if (shown === null) return { kind: "proceed" };
  const pause = waits.some(({ reason }) => reason === "paused_by_user" || reason === "budget");
  return { kind: "wait", reason: shown.reason, pause };
}

function statusOf({ state, reason }: TaskSnapshot, shown: WaitSnapshot | null): EventBody {
  return {
    type: "status",
    data: {
      state,
      ...(reason === null ? {} : { reason }),
      ...(shown?.message ? { message: shown.message } : {}),
      ...(shown?.until ? { until: new Date(shown.until).toISOString() } : {}),
    },
  };
}

function same(a: object | null, b: object | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function shorten(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 499).toWellFormed()}…`;
}
