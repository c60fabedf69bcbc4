import type { Limits } from "@agency/contract";
import type { SandboxPhase } from "../ports/provider.ts";
import { isTerminal } from "./states.ts";
import type { EndCause, TaskSnapshot } from "./snapshot.ts";
import { waitedUntil } from "./waits.ts";

export interface SupervisionTimes {
  /** From claim to the runner's hello. */
  readonly startDeadlineMs: number;
  /** The runner enforces every limit first; the control plane follows after this long, without it. */
  readonly limitGraceMs: number;
  /** No word from the runner for this long while its sandbox still exists: it is lost. */
  readonly contactLostMs: number;
  /** All the waiting of a task together: its sandbox does not stand for ever. */
  readonly maxWaitMs: number;
}

export interface SupervisionView {
  readonly task: TaskSnapshot;
  readonly limits: Limits;
  readonly attemptCreatedAt: number;
  /** Last request of the runner, whatever it said; null before hello. */
  readonly lastContactAt: number | null;
  /** Last event of any kind. The runner says `activity` while a command or a model call is open: that is progress. */
  readonly lastEventAt: number | null;
  /** What the provider says; null while nothing has been asked or created yet. */
  readonly sandbox: SandboxPhase | null;
  /** Until then nobody is declared lost: we were away ourselves. */
  readonly amnestyUntil: number;
  /** Model calls the broker has counted; some engines make a few beside their turns. */
  readonly calls: number;
  /** Of events the runner sent. */
  readonly outputBytes: number;
  /** Computing time alone has used up the budget: nothing else would stop a run that calls no model. */
  readonly computeOverBudget: boolean;
  readonly onBudget: "wait" | "stop";
}

export type SupervisionAction =
  | { readonly kind: "watch" }
  | { readonly kind: "settle" }
  | { readonly kind: "clean_up" }
  | { readonly kind: "proceed"; readonly id: string }
  | { readonly kind: "wait_for_budget" }
  | { readonly kind: "end"; readonly cause: EndCause; readonly message?: string };

/** What to do about a claimed task now. Pure; the supervisor carries it out. */
export function decideSupervision(
  view: SupervisionView,
  times: SupervisionTimes,
  now: number,
): SupervisionAction {
  const { task } = view;
  if (isTerminal(task.state) || task.state === "queued") return { kind: "clean_up" };
  if (task.state === "finishing")
    return task.attempt?.outcome === null ? whileStoring(view, times, now) : { kind: "settle" };
  return (
    endedByCancel(view, now) ??
    endedByLoss(view, times, now) ??
    waitOver(task, times, now) ??
    endedByLimit(view, times, now) ?? { kind: "watch" }
  );
}

/**
 * Only its loss, and the end of the time it was given, end it: or somebody does not want it any more. The clocks of
 * the run are over, but what it writes and costs has its limits all the same.
 */
function whileStoring(view: SupervisionView, times: SupervisionTimes, now: number): SupervisionAction {
  const { cancelDeadlineAt } = view.task;
  if (cancelDeadlineAt !== null && now >= cancelDeadlineAt) {
    const kept = "Its files could not be stored in time; they are where the sandbox was.";
    const message = view.task.desired === "cancel" ? "Not all of its files were stored." : kept;
    return { kind: "end", cause: "timeout", message };
  }
  const byAmount = endedByAmount(view);
  // There is no agent that could wait for money: its sandbox stands until the files are stored, as in a wait.
  const ended = byAmount?.kind === "end" ? byAmount : null;
  return endedByLoss(view, times, now) ?? ended ?? { kind: "watch" };
}

function waitOver(task: TaskSnapshot, times: SupervisionTimes, now: number): SupervisionAction | null {
  const over = task.waits.find((wait) => wait.until !== null && wait.until <= now);
  if (over !== undefined) return { kind: "proceed", id: over.id };
  if (task.waitingSince === null || waitedUntil(task, now) <= times.maxWaitMs) return null;
  const hours = Math.round(times.maxWaitMs / 3_600_000);
  return { kind: "end", cause: "timeout", message: `It had waited for ${hours} hours in all.` };
}

function endedByCancel({ task }: SupervisionView, now: number): SupervisionAction | null {
  if (task.desired !== "cancel") return null;
  const runnerNeverCame = task.attempt?.startedAt === null;
  const overdue = task.cancelDeadlineAt !== null && now >= task.cancelDeadlineAt;
  // `end` of a task that is to be cancelled always becomes `cancelled`.
  return runnerNeverCame || overdue ? { kind: "end", cause: "sandbox_lost" } : null;
}

function endedByLoss(view: SupervisionView, times: SupervisionTimes, now: number): SupervisionAction | null {
  if (view.sandbox === "gone") return { kind: "end", cause: "sandbox_lost" };
  if (now < view.amnestyUntil) return null;
  if (view.task.state === "starting") {
    return now - view.attemptCreatedAt > times.startDeadlineMs
      ? { kind: "end", cause: "start_deadline" }
      : null;
  }
  const lastContactAt = view.lastContactAt ?? view.attemptCreatedAt;
  return now - lastContactAt > times.contactLostMs ? { kind: "end", cause: "sandbox_lost" } : null;
}

function endedByLimit(view: SupervisionView, times: SupervisionTimes, now: number): SupervisionAction | null {
  const startedAt = view.task.attempt?.startedAt ?? null;
  if (startedAt === null) return null;
  // Only the clocks stand still in a wait: what the sandbox writes and costs meanwhile has its limits all the same.
  if (view.task.state === "waiting") return endedByAmount(view);
  const worked = now - startedAt - waitedUntil(view.task, now);
  if (worked > view.limits.wallMs + times.limitGraceMs) return { kind: "end", cause: "timeout" };
  return endedByAmount(view) ?? endedBySilence(view, times, startedAt, now);
}

/** What the runner lets pass without us is a little more than the limit; a runner that lets all pass is cut here. */
function endedByAmount(view: SupervisionView): SupervisionAction | null {
  const { limits } = view;
  if (view.calls > limits.turns * 1.1 + 10) return { kind: "end", cause: "turns_exceeded" };
  if (isOutputOver(view.outputBytes, limits.outputBytes)) return { kind: "end", cause: "output_exceeded" };
  if (!view.computeOverBudget || view.task.waits.some(({ reason }) => reason === "budget")) return null;
  return view.onBudget === "wait" ? { kind: "wait_for_budget" } : { kind: "end", cause: "budget_exceeded" };
}

export function isOutputOver(bytes: number, limit: number): boolean {
  return bytes > limit * 1.1;
}

function endedBySilence(
  view: SupervisionView,
  times: SupervisionTimes,
  startedAt: number,
  now: number,
): SupervisionAction | null {
  // The status event that ends a wait is an event too, so time spent waiting is no silence.
  const quietSince = view.lastEventAt ?? startedAt;
  const quietTooLong = now - quietSince > view.limits.silenceMs + times.limitGraceMs;
  return quietTooLong && now >= view.amnestyUntil ? { kind: "end", cause: "silence" } : null;
}
