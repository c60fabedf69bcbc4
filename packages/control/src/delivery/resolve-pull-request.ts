import { AgencyError, repositorySchema } from "@agency/contract";
import type { Repository } from "@agency/contract";
import type { ApiCaller, CodeHost, PullRequestDetails } from "@agency/core";

export interface ResolvedPullRequest {
  readonly repository: Repository;
  readonly details: PullRequestDetails;
}

/** Where the work on an existing pull request starts: its branch, which its sandbox may only read. */
export async function resolvePullRequest(
  { codeHost }: { codeHost: CodeHost },
  caller: ApiCaller,
  repositoryUrl: string,
  number: number,
): Promise<ResolvedPullRequest> {
  const details = await codeHost.pullRequest(caller, repositoryUrl, number);
  if (!details.open) {
    throw new AgencyError("conflict", `Pull request #${number} is closed.`, {
      next: "Open it again, or start a task from its base branch.",
    });
  }
  if (details.headRepositoryUrl !== repositoryUrl) {
    throw new AgencyError(
      "unsupported_option",
      `Pull request #${number} comes from a fork, and a task pushes to the repository it was given only.`,
      { next: "Start a task on the fork itself, with --repo and --branch." },
    );
  }
  const { headBranch } = details;
  const repository = repositorySchema.safeParse({ url: repositoryUrl, branch: headBranch });
  if (repository.success) return { repository: repository.data, details };
  throw new AgencyError(
    "unsupported_option",
    `The branch of pull request #${number} has a name that cannot be used here.`,
    { next: "Rename it on the host." },
  );
}
