import { AgencyError, limitsSchema, MAX_WALL_MS } from "@agency/contract";
import type { ChangeLimits, Limits, Task } from "@agency/contract";
import { definedOnly } from "./create-task.ts";
import type { PauseDeps } from "./pause-task.ts";

/** `set` first, then `add`, on the limits the task has by then. A budget below what was spent makes it wait. */
export async function changeLimits(
  deps: PauseDeps,
  accountId: string,
  id: string,
  change: ChangeLimits,
  by: string,
): Promise<Task> {
  const outcome = await deps.tasks.changeLimits(
    accountId,
    id,
    (limits) => changedLimits(limits, change),
    by,
    deps.now(),
  );
  switch (outcome.kind) {
    case "changed":
      return outcome.task;
    case "not_found":
      throw new AgencyError("not_found", `There is no task ${id}.`, {
        next: "See the list with `agency ls`.",
      });
    case "finished":
      throw new AgencyError(
        "task_finished",
        `Task ${id} has ended, or is about to: only the budget of its whole tree can still be changed.`,
        {
          next: "Start a new task.",
        },
      );
    case "invalid":
      throw new AgencyError("invalid_request", outcome.problem);
  }
}

type Changed = { ok: true; limits: Limits } | { ok: false; problem: string };

export function changedLimits(before: Limits, { set, add }: ChangeLimits): Changed {
  const limits: Record<string, number | undefined> = { ...before, ...definedOnly(set) };
  for (const [name, more] of Object.entries(definedOnly(add))) {
    const base = limits[name];
    if (base === undefined) return { ok: false, problem: `There is no ${name} to add to: set it first.` };
    limits[name] = tidy(base + more);
  }
  const parsed = limitsSchema.safeParse(limits);
  if (parsed.success) return { ok: true, limits: parsed.data };
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? "limits");
  return { ok: false, problem: problemOf(name, limits[name], issue?.message ?? "is out of range") };
}

function problemOf(name: string, value: number | undefined, message: string): string {
  if (name !== "wallMs" || value === undefined || value <= MAX_WALL_MS)
    return `limits.${name} would be ${value}: ${message}.`;
  const [most, wanted] = [MAX_WALL_MS, value].map((ms) => `${(ms / 3_600_000).toFixed(1)} hours`);
  return `The time limit would be ${wanted}, and ${most} is the most a run can have: split longer work into tasks.`;
}

/** Money has six decimals in the database; sums of doubles have more. */
function tidy(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
