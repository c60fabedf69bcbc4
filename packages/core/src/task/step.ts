import type { AttemptState, Outcome, Reason, TerminalState } from "@agency/contract";
import { done, fenced, moved, notNow } from "./result.ts";
import type { EndCause, Effect, StepResult, TaskCommand, TaskSnapshot } from "./snapshot.ts";
import { isLiveAttempt, isTerminal } from "./states.ts";
import { changeWaits, leaveWaits } from "./waits.ts";

/** Starts tried before a task is given up, as long as the engine never began (it may have pushed since). */
export const MAX_STARTS = 3;
const RETRY_BASE_MS = 2_000;
/** From a stop on: 2 GiB, the largest single file, at 2.4 MB/s. What is left then stays where the sandbox was. */
export const STOPPED_STORING_MS = 15 * 60_000;

/**
 * The only place where a task changes its state. Pure: the store locks the row, calls this, and writes
 * exactly what comes back.
 */
export function stepTask(task: TaskSnapshot, command: TaskCommand, now: number): StepResult {
  if (isTerminal(task.state)) return { ok: false, error: { code: "finished", state: task.state } };
  if ("epoch" in command && command.epoch !== task.epoch) return fenced(task);
  return transition(task, command, now);
}

function transition(task: TaskSnapshot, command: TaskCommand, now: number): StepResult {
  switch (command.kind) {
    case "due":
      return due(task);
    case "claim":
      return claim(task);
    case "provisioned":
      return provisioned(task);
    case "hello":
      return hello(task, now);
    case "finalize":
      return finalize(task, command.outcome, now);
    case "storing":
      return storing(task, now, command);
    case "settle":
      return settle(task);
    case "cancel":
      return cancel(task, now, command);
    case "end":
      return end(leaveWaits(task, now), command.cause, command);
    default:
      return changeWaits(task, command, now);
  }
}

function due(task: TaskSnapshot): StepResult {
  if (task.state !== "scheduled") return notNow(task);
  return moved(task, "queued", [{ kind: "enqueue", delayMs: 0 }]);
}

function claim(task: TaskSnapshot): StepResult {
  if (task.state !== "queued" || task.desired === "cancel") return notNow(task);
  const epoch = task.epoch + 1;
  const attempt = { epoch, state: "claimed" as const, startedAt: null, outcome: null };
  const next = { ...task, epoch, startsLeft: task.startsLeft - 1, attempt, reason: null };
  return moved(next, "starting", [{ kind: "open_attempt", epoch }]);
}

function provisioned(task: TaskSnapshot): StepResult {
  if (task.attempt?.state !== "claimed") return notNow(task);
  return done({ ...task, attempt: { ...task.attempt, state: "provisioning" } });
}

function hello(task: TaskSnapshot, now: number): StepResult {
  const { attempt } = task;
  if (task.state !== "starting" || attempt === null || attempt.startedAt !== null) return notNow(task);
  const next: TaskSnapshot = { ...task, attempt: { ...attempt, state: "running", startedAt: now } };
  // A cancel that came while the sandbox was starting is waiting for the runner already.
  return moved(next, "running", []);
}

function finalize(task: TaskSnapshot, handedIn: Outcome, now: number): StepResult {
  const isStoring = task.state === "finishing" && task.attempt?.outcome === null;
  const mayEnd = task.state === "running" || task.state === "waiting" || isStoring;
  if (!mayEnd || task.attempt === null) return notNow(task);
  // A runner that was done at that instant, or does not heed the order, does not overrule the person who stopped it.
  const cancelled = { state: "cancelled", reason: "cancelled_by_user" } as const;
  const outcome = task.desired === "cancel" ? { ...handedIn, ...cancelled } : handedIn;
  const attempt = { ...task.attempt, state: "finalizing" as const, outcome };
  const next = { ...leaveWaits(task, now), attempt, reason: null };
  if (isStoring) return done(next, [{ kind: "wake_supervisor" }]);
  return moved(next, "finishing", [{ kind: "wake_supervisor" }]);
}

/**
 * Its time and its grace do not count any more: nothing is thrown away because storing it takes long. A runner that
 * was taken over says it, too, and must not outlive a stop by it.
 */
function storing(
  task: TaskSnapshot,
  now: number,
  { forMs, message }: { forMs: number; message: string },
): StepResult {
  if ((task.state !== "running" && task.state !== "waiting") || task.attempt === null) return notNow(task);
  const attempt = { ...task.attempt, state: "finalizing" as const };
  const lastsMs = task.desired === "cancel" ? Math.min(forMs, STOPPED_STORING_MS) : forMs;
  const next = { ...leaveWaits(task, now), attempt, reason: null, cancelDeadlineAt: now + lastsMs };
  return moved(next, "finishing", [{ kind: "wake_supervisor" }], message);
}

function settle(task: TaskSnapshot): StepResult {
  const outcome = task.attempt?.outcome;
  if (task.state !== "finishing" || !outcome) return notNow(task);
  return closed(task, outcome.state, outcome.reason, attemptStateOf(outcome.state), undefined);
}

function cancel(
  task: TaskSnapshot,
  now: number,
  { graceMs, discard = false }: { graceMs: number; discard?: boolean },
): StepResult {
  const unwanted: readonly Effect[] = discard ? [{ kind: "discard_sandbox" }] : [];
  if (task.state === "scheduled" || task.state === "queued") {
    return closed({ ...task, desired: "cancel" }, "cancelled", "cancelled_by_user", null, undefined, [
      { kind: "dequeue" },
      ...unwanted,
    ]);
  }
  const tell: Effect = { kind: "tell_runner", command: { kind: "cancel" } };
  const wake: Effect = { kind: "wake_supervisor" };
  const isStoring = task.state === "finishing";
  // The supervisor ends it at once, whatever it is still busy with.
  if (discard && (isStoring || task.desired === "cancel"))
    return done({ ...task, desired: "cancel", cancelDeadlineAt: now }, [wake, ...unwanted]);
  if (task.desired === "cancel") return done(task);
  if (isStoring) {
    const cancelDeadlineAt = Math.min(task.cancelDeadlineAt ?? Infinity, now + STOPPED_STORING_MS);
    return done({ ...task, desired: "cancel", cancelDeadlineAt }, [tell]);
  }
  const next: TaskSnapshot = {
    ...leaveWaits(task, now),
    desired: "cancel",
    cancelDeadlineAt: discard ? now : now + graceMs,
  };
  if (task.state !== "waiting") return done(next, [tell, wake, ...unwanted]);
  // Nobody is asked for anything any more. An agent that stands still must move to be stopped softly.
  const proceed: Effect = { kind: "tell_runner", command: { kind: "proceed" } };
  return moved({ ...next, reason: null }, "running", [tell, proceed, wake, ...unwanted]);
}

/** Ends the attempt and fences it: the new epoch refuses whatever it still writes or asks for. */
function end(
  task: TaskSnapshot,
  cause: EndCause,
  { message, final }: { message?: string; final?: boolean },
): StepResult {
  const { attempt } = task;
  if (attempt === null || !isLiveAttempt(attempt.state)) return notNow(task);
  // The runner had handed in its outcome and everything up to it: nothing is lost, `settle` ends the task.
  if (attempt.outcome !== null && cause === "sandbox_lost") return notNow(task);
  const fencedTask = { ...task, epoch: task.epoch + 1 };
  if (task.desired === "cancel")
    return closed(fencedTask, "cancelled", "cancelled_by_user", "cancelled", message);
  const attemptState = cause === "sandbox_lost" || cause === "start_deadline" ? "lost" : "failed";
  if (final !== true && canStartAgain(task, cause)) {
    const next = {
      ...fencedTask,
      attempt: { ...attempt, state: attemptState as AttemptState },
      reason: cause,
    };
    return moved(next, "queued", [{ kind: "enqueue", delayMs: retryDelay(task.startsLeft) }], message);
  }
  return closed(fencedTask, "failed", cause, attemptState, message);
}

const retriable: ReadonlySet<EndCause> = new Set<EndCause>([
  "sandbox_unavailable",
  "sandbox_lost",
  "start_deadline",
]);

/** Never by itself once the engine may have begun; freely before the runner's hello. */
function canStartAgain(task: TaskSnapshot, cause: EndCause): boolean {
  return task.attempt?.startedAt === null && task.startsLeft > 0 && retriable.has(cause);
}

function retryDelay(startsLeft: number): number {
  return RETRY_BASE_MS * 2 ** Math.max(0, MAX_STARTS - 1 - startsLeft);
}

function attemptStateOf(state: TerminalState): AttemptState {
  if (state === "completed") return "succeeded";
  return state;
}

function closed(
  task: TaskSnapshot,
  state: TerminalState,
  reason: Reason | null,
  attemptState: AttemptState | null,
  message: string | undefined,
  effects: readonly Effect[] = [],
): StepResult {
  const attempt = task.attempt && attemptState ? { ...task.attempt, state: attemptState } : task.attempt;
  return moved({ ...task, attempt, reason }, state, effects, message);
}
