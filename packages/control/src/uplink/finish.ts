import type { Finished } from "@agency/contract";
import type { AttemptAccess, TaskStore } from "@agency/core";
import { fencedError } from "./runner-access.ts";
import { isKeptAfter } from "../work/keep-sandbox.ts";
import { truthful } from "./truthful.ts";

/** keepMs: the runner stays, for people to look into the sandbox. */
export type FinishAnswer = { accepted: true; keepMs: number | null } | { accepted: false; have: number };

/** Takes the outcome only when everything the runner said is stored; else says how much is. */
export async function finish(
  deps: { tasks: TaskStore; redactText: (text: string) => string; now: () => number },
  access: AttemptAccess,
  input: Finished,
): Promise<FinishAnswer> {
  const task = await deps.tasks.load(access.taskId);
  if (!task?.attempt || task.attempt.epoch !== access.epoch) throw fencedError(access.epoch);
  if (task.attempt.runnerSeq !== input.finalSeq) return { accepted: false, have: task.attempt.runnerSeq };
  const outcome = truthful(input.outcome, access, task, deps.redactText);
  const applied = await deps.tasks.apply(
    task.id,
    { kind: "finalize", epoch: access.epoch, outcome },
    deps.now(),
  );
  const keepMs = isKeptAfter(task, outcome.state) ? task.spec.keepMs : null;
  if (applied.ok) return { accepted: true, keepMs };
  // A repeated `finished` whose first answer was lost.
  if (applied.error.code === "not_now" && task.snapshot.state === "finishing")
    return { accepted: true, keepMs };
  throw fencedError(access.epoch);
}
