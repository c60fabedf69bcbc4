import type { PullRequest } from "@agency/contract";

export interface NewPullRequest {
  readonly title: string;
  readonly body: string;
  /** The branch with the work. */
  readonly head: string;
  readonly base: string;
}

export interface ReviewComment {
  readonly path: string;
  readonly line: number;
  readonly side: "old" | "new";
  readonly body: string;
}

/** The web side of a git host: pull requests. `caller` decides whose credential is used. */
export interface CodeHost {
  /** Can this repository's host be spoken to at all? */
  knows(repositoryUrl: string): boolean;
  pullRequest(
    caller: { taskId: string; accountId: string },
    repositoryUrl: string,
    number: number,
  ): Promise<{
    headBranch: string;
    headRepositoryUrl: string;
    baseBranch: string;
    title: string;
    body: string;
  }>;
  /** The one there is for this head and base is given back instead of making a second. */
  open(
    caller: { taskId: string; accountId: string },
    repositoryUrl: string,
    request: NewPullRequest,
  ): Promise<PullRequest>;
  review(
    caller: { taskId: string; accountId: string },
    repositoryUrl: string,
    number: number,
    review: { body: string; comments: readonly ReviewComment[] },
  ): Promise<{ url: string }>;
}
