import { AgencyError } from "@agency/contract";
import type { ApiCaller, TaskSpec } from "@agency/core";
import type { PullRequestUse, ResolvedPullRequest } from "../delivery/resolve-pull-request.ts";

/**
 * A pull request, and the repository as it is worked on for it: `branch` is the pull request's own.
 * Throws when there is no such pull request, or its branch is in another repository and is to be pushed to.
 */
export type FindPullRequest = (
  caller: ApiCaller,
  pullRequest: { url: string; number: number; use: PullRequestUse },
) => Promise<ResolvedPullRequest>;

/** The spec with what is handed back settled; refuses what could not be handed back. */
export async function chooseDelivery(
  findPullRequest: FindPullRequest | undefined,
  caller: ApiCaller,
  spec: TaskSpec,
): Promise<TaskSpec> {
  const { repository, deliver, pullRequest } = spec;
  if (repository === null) {
    if (deliver === "branch" || deliver === "pr") throw nowhere(`deliver: ${deliver}`);
    if (pullRequest !== null) throw nowhere("pullRequest");
    return spec;
  }
  if (pullRequest === null) return spec;
  if (findPullRequest === undefined)
    throw new AgencyError("unsupported_option", "Pull requests cannot be worked on here.");
  const use = deliver === "branch" || deliver === "pr" ? "push" : "read";
  const found = await findPullRequest(caller, { url: repository.url, number: pullRequest, use });
  return { ...spec, repository: found.repository };
}

function nowhere(option: string): AgencyError {
  return new AgencyError("unsupported_option", `\`${option}\` needs a repository, and this task has none.`, {
    next: "Name one with `repository` (--repo), or deliver `files`.",
  });
}
