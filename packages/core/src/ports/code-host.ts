import type { PullRequest } from "@agency/contract";
import type { ApiCaller } from "./credentials.ts";
import type { AttemptCaller } from "./fence.ts";

export interface NewPullRequest {
  readonly title: string;
  readonly body: string;
  /** The branch with the work, in the same repository. */
  readonly head: string;
  /** Null: the repository's default branch. */
  readonly base: string | null;
}

export interface ReviewComment {
  readonly path: string;
  readonly line: number;
  readonly side: "old" | "new";
  readonly body: string;
}

export interface NewReview {
  /** Goes invisibly into the body: a review that has it already is given back instead of making a second. */
  readonly key: string;
  readonly body: string;
  readonly comments: readonly ReviewComment[];
}

/** Everything but the number was written by strangers. */
export interface PullRequestDetails extends PullRequest {
  readonly open: boolean;
  readonly headBranch: string;
  /** As it was asked for when the branch is in the same repository; another one for a fork, null when that is gone. */
  readonly headRepositoryUrl: string | null;
  /** Where the repository that was asked for has it, whatever repository its branch is in. */
  readonly headRef: string;
  readonly baseBranch: string;
  readonly title: string;
  readonly body: string;
}

export interface BranchMove {
  readonly repositoryUrl: string;
  /** A branch of the task, which must still be at `commit`. */
  readonly from: string;
  readonly commit: string;
  readonly to: string;
}

export type BranchMoved =
  /** `to` has the commit now, or had it already. */
  | { readonly kind: "moved" }
  /** `to` has commits that `commit` does not stand on. */
  | { readonly kind: "diverged" }
  | { readonly kind: "refused"; readonly why: string };

/** Moves a branch of other people on to what a task pushed: forward only, and outside of every sandbox. */
export interface BranchMover {
  advance(caller: AttemptCaller, move: BranchMove): Promise<BranchMoved>;
}

/** The web side of a git host: pull requests. `caller` decides whose credential is used. */
export interface CodeHost {
  /** Can this repository's host be spoken to at all? */
  knows(repositoryUrl: string): boolean;
  pullRequest(caller: ApiCaller, repositoryUrl: string, number: number): Promise<PullRequestDetails>;
  /** The one there is for this head and base is given back instead of making a second. */
  open(caller: ApiCaller, repositoryUrl: string, request: NewPullRequest): Promise<PullRequest>;
  /** What is not about a line of the change goes into the body. */
  review(
    caller: ApiCaller,
    repositoryUrl: string,
    number: number,
    review: NewReview,
  ): Promise<{ url: string }>;
}
