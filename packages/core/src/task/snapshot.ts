import type {
  AnswerBody,
  AskBody,
  AttemptState,
  EventBody,
  Outcome,
  Reason,
  RunnerCommandBody,
  TaskState,
  TerminalState,
  WaitReason,
} from "@agency/contract";

export interface AttemptSnapshot {
  readonly epoch: number;
  readonly state: AttemptState;
  /** When the runner said hello; null before. From then on the attempt is never retried by itself. */
  readonly startedAt: number | null;
  readonly outcome: Outcome | null;
}

/** One thing a task waits for; `id` is the ask's, else the reason itself. */
export interface WaitSnapshot {
  readonly id: string;
  readonly reason: WaitReason;
  readonly since: number;
  /** When it ends by itself; null when somebody must end it. */
  readonly until: number | null;
  readonly message: string | null;
}

/** What a decision about a task needs to know, and nothing else. Times are milliseconds since 1970. */
export interface TaskSnapshot {
  readonly state: TaskState;
  readonly reason: Reason | null;
  /** One-way latch beside the state: once `cancel`, no new attempt is ever made (I8). */
  readonly desired: "run" | "cancel";
  /** By when an attempt that is being ended must be over. */
  readonly cancelDeadlineAt: number | null;
  readonly epoch: number;
  /** Starts left before the runner's first hello. */
  readonly startsLeft: number;
  /** The newest attempt, alive or not; null before the first. */
  readonly attempt: AttemptSnapshot | null;
  /** Not empty exactly while the task is `waiting`. */
  readonly waits: readonly WaitSnapshot[];
  /** Since when at least one wait holds. */
  readonly waitingSince: number | null;
  /** Time waited before that, in all; the time limit leaves it out. */
  readonly waitedMs: number;
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
  | "turns_exceeded"
  | "output_exceeded"
  | "usage_limit"
  | "internal_error"
>;

export type TaskCommand =
  | { readonly kind: "due" }
  | { readonly kind: "claim" }
  | { readonly kind: "provisioned"; readonly epoch: number }
  | { readonly kind: "hello"; readonly epoch: number }
  /** The broker may not go on: for money, or until the vendor's limit is reset. Again with the same reason: replaced. */
  | {
      readonly kind: "wait";
      readonly epoch: number;
      readonly reason: "budget" | "usage_limit";
      readonly until: number | null;
      readonly message: string;
    }
  | { readonly kind: "pause" }
  /** Ends one wait; that it is over already is no error. */
  | { readonly kind: "proceed"; readonly id: string }
  | { readonly kind: "ask"; readonly epoch: number; readonly ask: AskBody }
  /** The agent needs no answer any more; that it has one already is no error. */
  | { readonly kind: "withdraw"; readonly epoch: number; readonly askId: string }
  | { readonly kind: "answer"; readonly askId: string; readonly answer: AnswerBody; readonly by: string }
  | { readonly kind: "finalize"; readonly epoch: number; readonly outcome: Outcome }
  /** The runner has ended the agent; what it made is still being stored, for at most so long. */
  | { readonly kind: "storing"; readonly epoch: number; readonly forMs: number; readonly message: string }
  | { readonly kind: "settle"; readonly epoch: number }
  /** discard: what is not stored yet is not wanted either. */
  | { readonly kind: "cancel"; readonly graceMs: number; readonly discard?: boolean }
  | {
      readonly kind: "end";
      readonly epoch: number;
      readonly cause: EndCause;
      readonly message?: string;
      /** Trying again cannot help. */ readonly final?: boolean;
    };

export type Effect =
  | { readonly kind: "enqueue"; readonly delayMs: number }
  | { readonly kind: "dequeue" }
  | { readonly kind: "open_attempt"; readonly epoch: number }
  | { readonly kind: "tell_runner"; readonly command: RunnerCommandBody }
  | { readonly kind: "wake_supervisor" }
  /** When its sandbox goes, its files go with it. */
  | { readonly kind: "discard_sandbox" };

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
