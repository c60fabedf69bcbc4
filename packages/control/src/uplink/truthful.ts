import type { CheckResult, Outcome } from "@agency/contract";
import type { AttemptAccess, SupervisedTask } from "@agency/core";
import { whyLine } from "../delivery/undelivered.ts";

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const MOST_COMMITS = 1_000;
/** What the repository's own settings add to the task's checks counts, too; this many are shown. */
const MOST_CHECKS = 100;

/** The outcome as far as it can be believed: the sandbox, and so the runner in it, may be the agent's by now. */
export function truthful(
  outcome: Outcome,
  access: Pick<AttemptAccess, "costUsd" | "budgetUsd">,
  { spec }: Pick<SupervisedTask, "spec">,
  hide: (text: string) => string,
): Outcome {
  const { commit, commits, undelivered: why, checks } = outcome;
  const told: Outcome = {
    ...outcome,
    commit: commit !== null && COMMIT.test(commit) ? commit : null,
    commits: commits.filter((id) => COMMIT.test(id)).slice(0, MOST_COMMITS),
    summary: hide(outcome.summary),
    undelivered: why ? whyLine(why, hide) : null,
    checks: checks.slice(0, MOST_CHECKS),
  };
  // The engine only sees its model call refused; that the budget is why, the broker knows. A task that waits for
  // money is never refused any: it failed of something else.
  const broke = told.state === "failed" && spec.onBudget === "stop" && access.costUsd >= access.budgetUsd;
  if (broke) return { ...told, reason: "budget_exceeded" };
  const unproven = told.state === "completed" && !allPassed(spec.checks, told.checks);
  return unproven ? { ...told, state: "failed", reason: "checks_failed" } : told;
}

/** One that was declared and is not in the results was not passed. */
function allPassed(declared: readonly string[], results: readonly CheckResult[]): boolean {
  const passed = new Set(results.filter((result) => result.passed).map(({ command }) => command));
  return results.every((result) => result.passed) && declared.every((command) => passed.has(command));
}
