import type { AttemptState, EventBody, Outcome, Reason, TaskState, TerminalState } from "@agency/contract";

export interface AttemptSnapshot {
  readonly epoch: number;
  readonly state: AttemptState;
  /** When the runner said hello; null before. From then on the attempt is never retried by itself. */
  readonly startedAt: number | null;
  readonly outcome: Outcome | null;
}

/** What a decision about a task needs to know, and nothing else. Times are milliseconds since 1970. */
export interface TaskSnapshot {
  readonly state: TaskState;
  readonly reason: Reason | null;
  /** One-way latch beside the state: once `cancel`, no new attempt is ever made (I8). */
  readonly desired: "run" | "cancel";
  readonly cancelDeadlineAt: number | null;
  readonly epoch: number;
  /** Starts left before the runner's first hello. */
  readonly startsLeft: number;
  /** The newest attempt, alive or not; null before the first. */
  readonly attempt: AttemptSnapshot | null;
}

/** Why the control plane ends an attempt against the runner's will or without its word. */
export type EndCause = Extract<
  Reason,
  | "timeout"
  | "silence"
  | "budget_exceeded"
  | "sandbox_unavailable"
  | "sandbox_lost"
  | "start_deadline"
  | "setup_failed"
  | "internal_error"
>;

export type TaskCommand =
  | { readonly kind: "due" }
  | { readonly kind: "claim" }
  | { readonly kind: "provisioned"; readonly epoch: number }
  | { readonly kind: "hello"; readonly epoch: number }
  | { readonly kind: "wait"; readonly epoch: number; readonly reason: WaitReason }
  | { readonly kind: "proceed"; readonly epoch: number }
  | { readonly kind: "finalize"; readonly epoch: number; readonly outcome: Outcome }
  | { readonly kind: "settle"; readonly epoch: number }
  | { readonly kind: "cancel"; readonly graceMs: number }
  | {
      readonly kind: "end";
      readonly epoch: number;
      readonly cause: EndCause;
      readonly message?: string;
      /** Trying again cannot help. */ readonly final?: boolean;
    };

export type WaitReason = Extract<
  Reason,
  "needs_input" | "needs_approval" | "usage_limit" | "budget" | "paused_by_user"
>;

export type Effect =
  | { readonly kind: "enqueue"; readonly delayMs: number }
  | { readonly kind: "dequeue" }
  | { readonly kind: "open_attempt"; readonly epoch: number }
  | { readonly kind: "tell_runner"; readonly command: "cancel" }
  | { readonly kind: "wake_supervisor" };

export interface Step {
  readonly next: TaskSnapshot;
  readonly events: readonly EventBody[];
  readonly effects: readonly Effect[];
}

export type StepError =
  | { readonly code: "fenced"; readonly epoch: number }
  | { readonly code: "finished"; readonly state: TerminalState }
  | { readonly code: "not_now"; readonly state: TaskState };

export type StepResult =
  | { readonly ok: true; readonly step: Step }
  | { readonly ok: false; readonly error: StepError };
