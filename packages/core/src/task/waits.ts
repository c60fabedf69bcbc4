import type { EventBody, RunnerCommandBody, WaitReason } from "@agency/contract";
import { isoInstant } from "./iso-instant.ts";
import { done, notNow, stepped } from "./result.ts";
import type { Effect, StepResult, TaskCommand, TaskSnapshot, WaitSnapshot } from "./snapshot.ts";

/** The contract's order; core may not run its code, and a test holds the two together. */
export const WAIT_ORDER: readonly WaitReason[] = [
  "paused_by_user",
  "needs_approval",
  "needs_input",
  "budget",
  "usage_limit",
];

/** An agent that asks without end is told that it may not. The user's pause and the broker's waits always fit. */
export const MAX_WAITS = 64;

type WaitCommand = Extract<TaskCommand, { kind: "wait" | "pause" | "ask" }>;
type Frame = Extract<RunnerCommandBody, { kind: "wait" | "proceed" }>;
type EndCommand = Extract<TaskCommand, { kind: "proceed" | "withdraw" }>;
type AnswerCommand = Extract<TaskCommand, { kind: "answer" }>;

/** What begins a wait or ends one. */
export function changeWaits(
  task: TaskSnapshot,
  command: WaitCommand | AnswerCommand | EndCommand,
  now: number,
): StepResult {
  switch (command.kind) {
    case "wait":
    case "pause":
    case "ask":
      return beginWait(task, command, now);
    case "proceed":
      return endWait(task, command.id, now);
    case "answer":
      return answerAsk(task, command, now);
    case "withdraw":
      return withdrawAsk(task, command.askId, now);
  }
}

function beginWait(task: TaskSnapshot, command: WaitCommand, now: number): StepResult {
  if ((task.state !== "running" && task.state !== "waiting") || task.desired === "cancel")
    return notNow(task);
  // An ask under the name of a pause would keep the user's own pause from being written.
  if (command.kind === "ask" && isReason(command.ask.id)) return notNow(task);
  const wait = waitOf(command, now);
  const earlier = task.waits.find((other) => other.id === wait.id);
  // Said twice is once; what the broker waits for may have a new time.
  if (earlier !== undefined && (command.kind !== "wait" || sameWait(earlier, wait))) return done(task);
  if (command.kind === "ask" && task.waits.length >= MAX_WAITS) return notNow(task);
  const others = task.waits.filter((other) => other.id !== wait.id);
  const said: EventBody[] = command.kind === "ask" ? [{ type: "ask", data: { ask: command.ask } }] : [];
  return withWaits(task, [...others, { ...wait, since: earlier?.since ?? now }], now, said);
}

function endWait(task: TaskSnapshot, id: string, now: number): StepResult {
  if (task.state !== "running" && task.state !== "waiting") return notNow(task);
  if (!task.waits.some((wait) => wait.id === id)) return done(task);
  const left = task.waits.filter((wait) => wait.id !== id);
  return withWaits(task, left, now, []);
}

function answerAsk(task: TaskSnapshot, { askId, answer, by }: AnswerCommand, now: number): StepResult {
  const asked = task.waits.find((wait) => wait.id === askId);
  const wanted = answer.kind === "question" ? "needs_input" : "needs_approval";
  if (asked?.reason !== wanted) return notNow(task);
  const left = task.waits.filter((wait) => wait.id !== askId);
  const tell: Effect = { kind: "tell_runner", command: { kind: "answer", askId, answer } };
  return withWaits(task, left, now, [{ type: "answer", data: { askId, answer, by } }], [tell]);
}

/** Only an ask: a runner must not end the user's pause or a wait of the broker. */
function withdrawAsk(task: TaskSnapshot, askId: string, now: number): StepResult {
  if (isReason(askId) || !task.waits.some(({ id }) => id === askId)) return done(task);
  const left = task.waits.filter(({ id }) => id !== askId);
  const text = "The agent gave up what it asked about: no answer is needed any more.";
  return withWaits(task, left, now, [{ type: "notice", data: { level: "info", text } }]);
}

/** What it was waiting for no longer matters: the attempt goes on to its end. */
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
  for (const reason of WAIT_ORDER) {
    const found = waits.find((wait) => wait.reason === reason);
    if (found !== undefined) return found;
  }
  return null;
}

function isReason(id: string): boolean {
  return WAIT_ORDER.some((reason) => reason === id);
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
  const before = firstWait(task.waits);
  const frame = frameOf(waits);
  const tell: Effect[] = sameFrame(frame, frameOf(task.waits))
    ? []
    : [{ kind: "tell_runner", command: frame }];
  const changed = shown === null || before === null ? shown !== before : !sameWait(shown, before);
  const events = changed ? [...said, statusOf(next, shown)] : said;
  return stepped({ next, events, effects: [...first, ...tell, { kind: "wake_supervisor" }] });
}

/**
 * What the runner must know: whether its clocks stand still, and whether the agent itself must. Its time limit does not
 * run while it waits, so a program must not either: it could ask something and go on working for days.
 */
function frameOf(waits: readonly WaitSnapshot[]): Frame {
  const shown = firstWait(waits);
  if (shown === null) return { kind: "proceed" };
  const pause = waits.some(({ reason }) => reason !== "usage_limit");
  return { kind: "wait", reason: shown.reason, pause };
}

function statusOf({ state, reason }: TaskSnapshot, shown: WaitSnapshot | null): EventBody {
  return {
    type: "status",
    data: {
      state,
      ...(reason === null ? {} : { reason }),
      ...(shown?.message ? { message: shown.message } : {}),
      ...(shown?.until ? { until: isoInstant(shown.until) } : {}),
    },
  };
}

function sameWait(a: WaitSnapshot, b: WaitSnapshot): boolean {
  return a.id === b.id && a.reason === b.reason && a.until === b.until && a.message === b.message;
}

function sameFrame(a: Frame, b: Frame): boolean {
  if (a.kind === "proceed" || b.kind === "proceed") return a.kind === b.kind;
  return a.reason === b.reason && a.pause === b.pause;
}

function shorten(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 499).toWellFormed()}…`;
}
