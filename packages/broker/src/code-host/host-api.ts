import type { ApiCredential, NewPullRequest, NewReview, PullRequestDetails } from "@agency/core";
import type { PullRequest } from "@agency/contract";
import type { ApiAnswer } from "./api-call.ts";
import type { Attempted } from "./api-trouble.ts";

/** One repository on a host, with the credential that opens it. */
export interface HostedRepository {
  /** `owner/name`, or more segments where a host has groups. */
  readonly path: string;
  /** As it was given. */
  readonly url: string;
  attempt(doing: string): Attempt;
}

/** Something that is tried, in one or more requests. */
export interface Attempt {
  /** Throws when nothing answered. `path` follows the API's address. */
  get(path: string): Promise<ApiAnswer>;
  /** Throws when there is no credential: hosts let nobody write without one. */
  post(path: string, body: unknown): Promise<ApiAnswer>;
  /** The answer as JSON, or its trouble thrown. */
  read(path: string): Promise<unknown>;
  trouble(answer: ApiAnswer): Error;
  notUnderstood(): Error;
}

/** One kind of host: GitHub, GitLab, Gitea. */
export interface HostApi {
  /** What a token must be allowed, as this host calls it. */
  readonly scope: Attempted["scope"];
  headers(credential: ApiCredential | null): Record<string, string>;
  accepts(path: string): boolean;
  pullRequest(repository: HostedRepository, number: number): Promise<PullRequestDetails>;
  open(repository: HostedRepository, request: NewPullRequest): Promise<PullRequest>;
  review(repository: HostedRepository, number: number, review: NewReview): Promise<{ url: string }>;
}
