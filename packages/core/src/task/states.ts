import type { AttemptState, TaskState, TerminalState } from "@agency/contract";

const terminal: ReadonlySet<TaskState> = new Set<TerminalState>(["completed", "failed", "cancelled"]);
const liveAttempt: ReadonlySet<AttemptState> = new Set<AttemptState>([
  "claimed",
  "provisioning",
  "running",
  "finalizing",
]);

export function isTerminal(state: TaskState): state is TerminalState {
  return terminal.has(state);
}

export function isLiveAttempt(state: AttemptState): boolean {
  return liveAttempt.has(state);
}
