import { z } from "zod";

/** The life of a task, in the order it is usually lived. */
export const TASK_STATES = [
  "scheduled",
  "queued",
  "starting",
  "running",
  "waiting",
  "finishing",
  "completed",
  "failed",
  "cancelled",
] as const;
export const taskStateSchema = z.enum(TASK_STATES);
export type TaskState = z.infer<typeof taskStateSchema>;

export const TERMINAL_STATES = ["completed", "failed", "cancelled"] as const;
export type TerminalState = (typeof TERMINAL_STATES)[number];

/** Why a task waits or how it ended. Closed: a new reason is added here, with its sentence below. */
export const REASONS = [
  "needs_input",
  "needs_approval",
  "usage_limit",
  "budget",
  "paused_by_user",
  "timeout",
  "silence",
  "turns_exceeded",
  "budget_exceeded",
  "no_progress",
  "engine_error",
  "setup_failed",
  "sandbox_unavailable",
  "sandbox_lost",
  "start_deadline",
  "checks_failed",
  "output_exceeded",
  "cancelled_by_user",
  "internal_error",
] as const;
export const reasonSchema = z.enum(REASONS);
export type Reason = z.infer<typeof reasonSchema>;

/** What a person reads: what happened, then what to do next, where `ID` stands for the task. */
export const REASON_SENTENCES: Record<Reason, { what: string; next: string }> = {
  needs_input: {
    what: "The agent asked a question.",
    next: "Answer it with `agency answer` to let the run go on.",
  },
  needs_approval: {
    what: "The agent wants to do something that needs your yes.",
    next: "Allow or refuse it with `agency answer`.",
  },
  usage_limit: {
    what: "The model account reached its usage limit.",
    next: "A run that waits goes on by itself at the reset; one that failed can be started again then.",
  },
  budget: {
    what: "The run reached its budget and was kept as it is.",
    next: "Add to it with `agency budget` to let it go on.",
  },
  paused_by_user: { what: "You paused the run.", next: "Let it go on with `agency resume`." },
  timeout: {
    what: "The run reached its time limit and was stopped.",
    next: 'Go on with more time: `agency resume ID --timeout 8h "go on"`.',
  },
  silence: {
    what: "The agent said nothing for longer than the silence limit and was stopped.",
    next: "Look at the last events; run it again with a larger limits.silenceMs if the work is slow.",
  },
  turns_exceeded: { what: "The run used all its turns.", next: "Run it again with a larger limits.turns." },
  budget_exceeded: {
    what: "The run reached its budget and was stopped.",
    next: 'Go on with more money: `agency resume ID --budget 20 "go on"`.',
  },
  no_progress: {
    what: "The agent repeated itself without getting on.",
    next: "Change the prompt, or steer the run.",
  },
  engine_error: { what: "The agent program failed.", next: "Read the error event just before the end." },
  setup_failed: {
    what: "The workspace could not be prepared.",
    next: "Read the error just before the end: it says what is missing.",
  },
  sandbox_unavailable: {
    what: "No sandbox could be made.",
    next: "Run `agency doctor` to see what is missing.",
  },
  sandbox_lost: {
    what: "The sandbox vanished while the agent worked.",
    next: "Go on from what it kept last with `agency resume`, or run the task again.",
  },
  start_deadline: {
    what: "The sandbox did not report in time.",
    next: "Run `agency doctor`, then try again.",
  },
  checks_failed: {
    what: "The agent finished, but the declared checks failed.",
    next: "Read the check output.",
  },
  output_exceeded: {
    what: "The run wrote more than its output limit and was stopped.",
    next: "Look at the last events; run it again with a larger limits.outputBytes if that much is wanted.",
  },
  cancelled_by_user: {
    what: "You stopped the run.",
    next: "Go on from what it kept with `agency resume`, or start it again.",
  },
  internal_error: { what: "Agency itself failed.", next: "Read the server log and report it." },
};

/** Why a live task waits. Several can hold at once; the first of this list that does is the one shown. */
export const WAIT_REASONS = [
  "paused_by_user",
  "needs_approval",
  "needs_input",
  "budget",
  "usage_limit",
] as const satisfies readonly Reason[];
export const waitReasonSchema = z.enum(WAIT_REASONS);
export type WaitReason = (typeof WAIT_REASONS)[number];

/** One thing a task waits for. */
export const waitSchema = z.object({
  id: z.string().describe("The ask it belongs to; else the reason itself."),
  reason: waitReasonSchema,
  since: z.iso.datetime(),
  until: z.iso.datetime().nullable().describe("When it ends by itself."),
  message: z.string().nullable(),
});
export type Wait = z.infer<typeof waitSchema>;

/** One attempt is one run of a task in one sandbox. */
export const ATTEMPT_STATES = [
  "claimed",
  "provisioning",
  "running",
  "finalizing",
  "succeeded",
  "failed",
  "cancelled",
  "lost",
] as const;
export const attemptStateSchema = z.enum(ATTEMPT_STATES);
export type AttemptState = z.infer<typeof attemptStateSchema>;
