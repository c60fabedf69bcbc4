import { BRANCH_PREFIX } from "@agency/contract";
import type { SupervisedTask } from "@agency/core";

const LONGEST_SLUG = 40;

/** Where the work is pushed: a branch that only this task may push. */
export function pushBranchOf({
  id,
  name,
  spec,
}: Pick<SupervisedTask, "id" | "name" | "spec">): string | null {
  const { deliver, repository } = spec;
  if (repository === null || deliver === "none" || deliver === "files") return null;
  return `${BRANCH_PREFIX}/${id}/${slugOf(name)}`;
}

/** The branch of the pull request that is worked on, which is moved on to the work when that is done. */
export function ontoBranchOf(task: Pick<SupervisedTask, "id" | "name" | "spec">): string | null {
  const { repository, pullRequest } = task.spec;
  return pullRequest === null || pushBranchOf(task) === null ? null : (repository?.branch ?? null);
}

/** Of letters, digits and dashes: no server and no shell makes anything else of it. */
function slugOf(name: string): string {
  const plain = name.normalize("NFKD").toLowerCase().replaceAll(/\p{M}/gu, "");
  const slug = plain
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, LONGEST_SLUG)
    .replaceAll(/^-+|-+$/g, "");
  return slug || "work";
}
