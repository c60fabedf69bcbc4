import type { BudgetRefusal, ModelAdmission, ModelCaller, TaskStore } from "@agency/core";
import { timeOf } from "./time-of.ts";

export interface OverBudgetDeps {
  tasks: Pick<TaskStore, "load" | "apply">;
  now: () => number;
}

const ASK_AGAIN_MS = 15_000;

/** A cap is used up: the task waits, with everything kept, or ends, as it was asked to. */
export async function overBudget(
  deps: OverBudgetDeps,
  caller: Pick<ModelCaller, "taskId" | "epoch">,
  refusal: BudgetRefusal,
): Promise<ModelAdmission> {
  const { taskId, epoch } = caller;
  const task = await deps.tasks.load(taskId);
  if (task === null) return attemptOver();
  const spent = whatWasSpent(refusal, taskId);
  if (task.spec.onBudget === "stop") {
    const message = `${spent} ${howToStartAgain(refusal, taskId)}`;
    await deps.tasks.apply(taskId, { kind: "end", epoch, cause: "budget_exceeded", message }, deps.now());
    return refuse(`The budget is used up. ${spent}`);
  }
  const message = `${spent} ${howToGoOn(refusal)}`;
  const until = refusal.resetsAt;
  const waiting = await deps.tasks.apply(
    taskId,
    { kind: "wait", epoch, reason: "budget", until, message },
    deps.now(),
  );
  return waiting.ok ? { ok: false, hold: "budget", retryMs: ASK_AGAIN_MS, message } : attemptOver();
}

export function attemptOver(): ModelAdmission {
  return refuse("This attempt of the task is over; it makes no more model calls.");
}

function refuse(message: string): ModelAdmission {
  return { ok: false, status: 403, type: "permission_error", message };
}

function whatWasSpent({ scope, owner, capUsd, spentUsd }: BudgetRefusal, taskId: string): string {
  const spent = `Spent $${spentUsd.toFixed(4)} of $${capUsd.toFixed(2)}`;
  switch (scope) {
    case "task":
      return `${spent}.`;
    case "tree":
      return `${spent} for ${owner === taskId ? "this task" : `the task ${owner}`} and all below it.`;
    case "day":
      return `${spent} for the account today.`;
    case "month":
      return `${spent} for the account this month.`;
  }
}

/** Of a task that is over: a new one goes on from what it kept. */
function howToStartAgain({ scope, owner, capUsd }: BudgetRefusal, taskId: string): string {
  const resume = (more: string) => `\`agency resume ${taskId}${more} "go on"\``;
  const twice = Math.ceil(capUsd * 2);
  switch (scope) {
    case "task":
      return `Go on with more money: ${resume(` --budget ${twice}`)}.`;
    case "tree":
      return `Go on with more money: \`agency limits ${owner} --tree-budget +5\`, then ${resume("")}.`;
    case "day":
    case "month":
      return `Go on with more money: \`agency budget --${scope} ${twice}\`, then ${resume("")}.`;
  }
}

function howToGoOn({ scope, owner, resetsAt, capUsd }: BudgetRefusal): string {
  const byItself = resetsAt === null ? "" : `It goes on by itself at ${timeOf(resetsAt)}, or now with `;
  switch (scope) {
    case "task":
      return `\`agency budget ${owner} +5\` lets it go on.`;
    case "tree":
      return `\`agency limits ${owner} --tree-budget +5\` lets it go on.`;
    case "day":
    case "month":
      return `${byItself}\`agency budget --${scope} ${Math.ceil(capUsd * 2)}\`.`;
  }
}
