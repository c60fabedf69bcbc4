import { DEFAULT_LIMITS } from "@agency/contract";
import type { CreateTaskInput, Deliver, Task } from "@agency/contract";
import { taskOf } from "./draft.ts";
import { draftOf } from "./loaded-draft.ts";

const TAKEN_OVER = [
  ...(["project", "model", "repository", "deliver", "repositories", "checks", "network"] as const),
  ...(["approve", "questions", "commandPolicy", "commits", "artifacts", "pullRequest"] as const),
] as const;
type TakenOver = (typeof TAKEN_OVER)[number];

/** Says as much as leaving it out does in a run that goes on from no other. */
const NONE: Pick<CreateTaskInput, "commandPolicy" | "commits" | "artifacts" | "repositories"> = {
  commandPolicy: { allow: [], deny: [] },
  commits: "squash",
  artifacts: [],
  repositories: [],
};

/**
 * Of what the server takes over by itself only what was changed is sent: it knows more of the other run (the values of
 * its env) than can be read back. What was left out must be denied, or it would be put back.
 */
export function goingOn(task: CreateTaskInput, source: Task, checkpoint: number): CreateTaskInput {
  const before = taskOf(draftOf(source));
  const changed = TAKEN_OVER.filter((name) => !isSame(task[name], before[name]));
  const sent = new Set<TakenOver>(changed);
  const repository = task.repository ?? (source.review ? before.repository : undefined);
  // With a repository come what is handed back and the pull request: they are no longer taken over. What goes on from a
  // review names it always, or it would push onto the pull request that was only to be read.
  const names = source.review || sent.has("repository") || sent.has("pullRequest");
  if (repository !== undefined && names)
    for (const name of ["repository", "deliver", "pullRequest"] as const) sent.add(name);
  const kept = TAKEN_OVER.filter((name) => !sent.has(name)).map((name) => [name, undefined]);
  return {
    ...task,
    repository,
    ...Object.fromEntries(kept),
    ...Object.fromEntries(Object.entries(NONE).filter(([name]) => isLeftOut(name, task, before))),
    ...(task.deliver === undefined ? { deliver: usualDelivery(task, before) } : {}),
    limits: changedLimits(task, before),
    resume: { taskId: source.id, checkpoint, fork: true },
  };
}

/** What was emptied in the form and cannot be denied: the server takes it from the other run all the same. */
export function staysOf(task: CreateTaskInput, source: Task): string[] {
  const before = taskOf(draftOf(source));
  const limits = Object.keys(before.limits ?? {}).filter(
    (name) => !(name in DEFAULT_LIMITS) && !(name in (task.limits ?? {})),
  );
  const fields = ["repository", "model", "project"].filter((name) => isLeftOut(name, task, before));
  const withRepository = fields.includes("repository") ? besideRepository(before) : [];
  return [...fields, ...withRepository, ...limits.map((name) => `limits.${name}`)];
}

/** What goes with the repository wherever it goes. */
function besideRepository({ repository, pullRequest }: CreateTaskInput): string[] {
  return [
    ...(pullRequest === undefined ? [] : ["pullRequest"]),
    ...(repository?.pushBranch === undefined ? [] : ["repository.pushBranch"]),
  ];
}

function isLeftOut(name: string, task: CreateTaskInput, before: CreateTaskInput): boolean {
  return Reflect.get(task, name) === undefined && Reflect.get(before, name) !== undefined;
}

function usualDelivery(task: CreateTaskInput, before: CreateTaskInput): Deliver {
  return (task.repository ?? before.repository) === undefined ? "files" : "branch";
}

/** Left empty means: the usual one, not that of the other run. */
function changedLimits(task: CreateTaskInput, before: CreateTaskInput): CreateTaskInput["limits"] {
  const was = { ...before.limits };
  const is = { ...task.limits };
  const left = Object.entries(DEFAULT_LIMITS).filter(([name]) => name in was && !(name in is));
  const changed = Object.entries(is).filter(([name, value]) => Reflect.get(was, name) !== value);
  return Object.fromEntries([...left, ...changed]);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
