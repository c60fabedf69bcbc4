import { AgencyError } from "@agency/contract";
import type { Task } from "@agency/contract";
import { isTerminal } from "@agency/core";
import type { StepError, TaskStore } from "@agency/core";
import { getTask } from "./manage-task.ts";

export interface PauseDeps {
  tasks: TaskStore;
  now: () => number;
}

/** The agent stops softly and keeps its sandbox; pausing twice is once. */
export async function pauseTask(deps: PauseDeps, accountId: string, id: string): Promise<Task> {
  await getTask(deps, accountId, id);
  const outcome = await deps.tasks.apply(id, { kind: "pause" }, deps.now());
  if (!outcome.ok) throw refusal(id, "paused", outcome.error);
  return getTask(deps, accountId, id);
}

/** Ends the user's pause; what waits for a vendor's reset tries again now. */
export async function resumeTask(deps: PauseDeps, accountId: string, id: string): Promise<Task> {
  const task = await getTask(deps, accountId, id);
  if (isTerminal(task.state)) throw ended(id, "resumed");
  const over = task.waits.filter((wait) => isOver(task, wait.reason));
  const [left] = task.waits;
  if (over.length === 0 && left !== undefined) throw notByResume(task);
  for (const wait of over) {
    const outcome = await deps.tasks.apply(id, { kind: "proceed", id: wait.id }, deps.now());
    if (!outcome.ok) throw refusal(id, "resumed", outcome.error);
  }
  return getTask(deps, accountId, id);
}

function isOver(task: Task, reason: Task["waits"][number]["reason"]): boolean {
  if (reason === "budget") return task.costUsd < task.limits.costUsd;
  return reason === "paused_by_user" || reason === "usage_limit";
}

function notByResume({ id, waits, costUsd, limits }: Task): AgencyError {
  if (waits.some((wait) => wait.reason === "budget")) {
    const spent = `$${costUsd.toFixed(2)} of $${limits.costUsd.toFixed(2)}`;
    return new AgencyError("conflict", `Task ${id} has no budget left to go on with: ${spent} are spent.`, {
      next: `Add to it with \`agency budget ${id} +5\`; it then goes on by itself.`,
    });
  }
  return new AgencyError("conflict", `Task ${id} is not paused: it waits for your answer.`, {
    next: `Give it with \`agency answer ${id}\`.`,
  });
}

function refusal(id: string, done: string, error: StepError | { code: "missing" }): AgencyError {
  if (error.code === "missing") return new AgencyError("not_found", `There is no task ${id}.`);
  if (error.code === "finished") return ended(id, done);
  const state = error.code === "not_now" ? error.state : "starting over";
  return new AgencyError("conflict", `Task ${id} cannot be ${done} now: it is ${state}.`, {
    next: "Only a run that is under way, and not being stopped, can be paused and resumed.",
  });
}

function ended(id: string, done: string): AgencyError {
  return new AgencyError("task_finished", `Task ${id} has ended and cannot be ${done}.`, {
    next:
      done === "resumed"
        ? `Go on from what it kept with \`agency resume ${id} "next instruction"\`.`
        : "Start a new task.",
  });
}
