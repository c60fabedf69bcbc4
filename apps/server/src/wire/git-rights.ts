import type { GitRights } from "@agency/broker";
import { ontoBranchOf, pushBranchOf } from "@agency/control";
import type { SupervisedTask } from "@agency/core";

/**
 * What a sandbox may do with git. Only a task that hands back a branch pushes at all: of any other, as of a review, the
 * repository is one that it reads. A pull request's branch is moved by the server, when the work is done and checked.
 */
export function sandboxRights(task: SupervisedTask, allowInternalHosts: readonly string[]): GitRights {
  const { repository, repositories, pullRequest } = task.spec;
  const isStopped = task.snapshot.desired === "cancel";
  const common = { allowInternalHosts, isStopped };
  if (repository === null) return { ...common, repository: null, repositories };
  if (pushBranchOf(task) === null)
    return { ...common, repository: null, repositories: [repository.url, ...repositories] };
  return { ...common, repository: pullRequest === null ? repository : { url: repository.url }, repositories };
}

/** What the server's own git may do once the work is pushed; null when there is no branch to be moved. */
export function moverRights(
  task: Pick<SupervisedTask, "id" | "name" | "spec">,
  allowInternalHosts: readonly string[],
): GitRights | null {
  const { repository } = task.spec;
  const pushBranch = ontoBranchOf(task);
  if (repository === null || pushBranch === null) return null;
  return { repository: { url: repository.url, pushBranch }, repositories: [], allowInternalHosts };
}
