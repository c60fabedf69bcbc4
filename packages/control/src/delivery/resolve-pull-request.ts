import { AgencyError, repositorySchema } from "@agency/contract";
import type { Repository } from "@agency/contract";
import type { ApiCaller, CodeHost, PullRequestDetails } from "@agency/core";

export interface ResolvedPullRequest {
  readonly repository: Repository;
  readonly details: PullRequestDetails;
}

/** What a task does with a pull request: push to its branch, or only look at it. */
export type PullRequestUse = "push" | "read";

/** Where the work on an existing pull request starts: its branch, which its sandbox may only read. */
export async function resolvePullRequest(
  { codeHost }: { codeHost: CodeHost },
  caller: ApiCaller,
  { url, number, use }: { url: string; number: number; use: PullRequestUse },
): Promise<ResolvedPullRequest> {
  const details = await codeHost.pullRequest(caller, url, number);
  if (!details.open) {
    throw new AgencyError("conflict", `Pull request #${number} is closed.`, {
      next: "Open it again, or start a task from its base branch.",
    });
  }
  const isFork = details.headRepositoryUrl !== url;
  if (isFork && use === "push") {
    throw new AgencyError(
      "unsupported_option",
      `Pull request #${number} comes from a fork, and a task pushes to the repository it was given only.`,
      {
        next: "Deliver files (--deliver files) to only read it, or start a task on the fork itself, with --repo and --branch.",
      },
    );
  }
  // The name of a fork's branch goes into no command, but into a prompt.
  const own = repositorySchema.safeParse({ url, branch: details.headBranch });
  if (own.success) return { repository: isFork ? { url, branch: details.headRef } : own.data, details };
  throw new AgencyError(
    "unsupported_option",
    `The branch of pull request #${number} has a name that cannot be used here.`,
    { next: "Rename it on the host." },
  );
}
