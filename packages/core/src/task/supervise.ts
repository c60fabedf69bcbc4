import type { Limits } from "@agency/contract";
import type { SandboxPhase } from "../ports/provider.ts";
import { isTerminal } from "./states.ts";
import type { EndCause, TaskSnapshot } from "./snapshot.ts";

export interface SupervisionTimes {
  /** From claim to the runner's hello. */
  readonly startDeadlineMs: number;
  /** The runner enforces every limit first; the control plane follows after this long, without it. */
  readonly limitGraceMs: number;
  /** No word from the runner for this long while its sandbox still exists: it is lost. */
  readonly contactLostMs: number;
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
}

export type SupervisionAction =
  | { readonly kind: "watch" }
  | { readonly kind: "settle" }
  | { readonly kind: "clean_up" }
  | { readonly kind: "end"; readonly cause: EndCause; readonly message?: string };

/** What to do about a claimed task now. Pure; the supervisor carries it out. */
export function decideSupervision(
  view: SupervisionView,
  times: SupervisionTimes,
  now: number,
): SupervisionAction {
  const { task } = view;
  if (isTerminal(task.state) || task.state === "queued") return { kind: "clean_up" };
  if (task.state === "finishing") return { kind: "settle" };
  return (
    endedByCancel(view, now) ??
    endedByLoss(view, times, now) ??
    endedByLimit(view, times, now) ?? { kind: "watch" }
  );
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
  if (startedAt === null || view.task.state !== "running") return null;
  if (now - startedAt > view.limits.wallMs + times.limitGraceMs) return { kind: "end", cause: "timeout" };
  const quietSince = view.lastEventAt ?? startedAt;
  const quietTooLong = now - quietSince > view.limits.silenceMs + times.limitGraceMs;
  return quietTooLong && now >= view.amnestyUntil ? { kind: "end", cause: "silence" } : null;
}
