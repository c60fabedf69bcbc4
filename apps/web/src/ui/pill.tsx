import type { Reason, TaskState } from "@agency/contract";

const WORDS: Partial<Record<Reason, string>> = {
  needs_input: "Needs an answer",
  needs_approval: "Needs your yes",
  budget: "At its budget",
  usage_limit: "Waits for the model",
  paused_by_user: "Paused",
};

export function stateWords(state: TaskState, reason: Reason | null): string {
  if (state === "waiting" && reason !== null) return WORDS[reason] ?? "Waiting";
  return state.charAt(0).toUpperCase() + state.slice(1);
}

interface StatePillProps {
  state: TaskState;
  reason: Reason | null;
  /** A stop was asked for and is not done. */
  stopping?: boolean;
}

export function StatePill({ state, reason, stopping = false }: StatePillProps) {
  return (
    <span className={`pill pill-${state}`}>
      <span className="dot" aria-hidden="true" />
      {stopping ? "Stopping" : stateWords(state, reason)}
    </span>
  );
}
