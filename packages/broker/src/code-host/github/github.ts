import { AgencyError } from "@agency/contract";
import type { PullRequest } from "@agency/contract";
import type { NewPullRequest } from "@agency/core";
import type { ApiAnswer } from "../api-call.ts";
import { wordsOf } from "../api-trouble.ts";
import type { Attempt, HostApi, HostedRepository } from "../host-api.ts";
import { isOwnBranch, pullDetailsOf, pullOf } from "../pull-fields.ts";
import { listOf, textOf } from "../read-field.ts";
import { githubReview } from "./github-review.ts";

/** https://docs.github.com/rest/pulls, of github.com and of Enterprise servers. */
export const github: HostApi = {
  scope: "the scope `repo`, or for a fine-grained token: pull requests, read and write; contents, read",
  headers: (credential) => ({
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    ...(credential === null ? {} : { authorization: `Bearer ${credential.token}` }),
  }),
  accepts: (path) => /^[\w.-]+\/[\w.-]+$/.test(path),
  async pullRequest(repository, number) {
    const attempt = repository.attempt(`read pull request #${number} of ${repository.path}`);
    const answer = await attempt.read(`/repos/${repository.path}/pulls/${number}`);
    const details = pullDetailsOf(answer, repository.url);
    if (details === null) throw attempt.notUnderstood();
    return details;
  },
  open: openPull,
  review: githubReview,
};

async function openPull(repository: HostedRepository, request: NewPullRequest): Promise<PullRequest> {
  const attempt = repository.attempt(`open a pull request in ${repository.path}`);
  // Under its name of today: a branch is looked for below its owner, and the repository may have moved.
  const known = await attempt.read(`/repos/${repository.path}`);
  const owner = textOf(known, "owner", "login");
  const fullName = textOf(known, "full_name") ?? repository.path;
  const base = request.base ?? textOf(known, "default_branch");
  if (owner === null || base === null || !github.accepts(fullName)) throw attempt.notUnderstood();
  const pulls = `/repos/${fullName}/pulls`;
  const find = () => findOpen(attempt, pulls, owner, request.head, base);
  const found = await find();
  if (found !== null) return found;
  const { title, body, head } = request;
  const answer = await attempt.post(pulls, { title, body, head, base });
  if (answer.status === 201) {
    const made = pullOf(answer.json);
    if (made === null) throw attempt.notUnderstood();
    return made;
  }
  // Somebody else was quicker: this very task before a crash, or a person.
  const other = answer.status === 422 ? await find() : null;
  if (other !== null) return other;
  throw notOpened(answer, request.head, base) ?? attempt.trouble(answer);
}

async function findOpen(
  attempt: Attempt,
  pulls: string,
  owner: string,
  head: string,
  base: string,
): Promise<PullRequest | null> {
  const query = new URLSearchParams({ state: "open", head: `${owner}:${head}`, base, per_page: "10" });
  const list = listOf(await attempt.read(`${pulls}?${query.toString()}`));
  // Not taken on trust: a server that does not know the filter answers with every pull request there is.
  const match = list.find(
    (pull) =>
      textOf(pull, "head", "ref") === head && textOf(pull, "base", "ref") === base && isOwnBranch(pull),
  );
  return match === undefined ? null : pullOf(match);
}

function notOpened(answer: ApiAnswer, head: string, base: string): AgencyError | null {
  if (answer.status !== 422) return null;
  const said = wordsOf(answer);
  if (/no commits between/i.test(said)) {
    return new AgencyError("conflict", `The branch ${head} has nothing that ${base} does not have.`, {
      next: "There is nothing to open a pull request for.",
    });
  }
  if (/\bhead\b/i.test(said)) {
    return new AgencyError("repository_unavailable", `GitHub does not find the branch ${head}.`, {
      next: "Was it pushed? Look at the git events of the task.",
    });
  }
  if (/\bbase\b/i.test(said)) {
    return new AgencyError(
      "repository_unavailable",
      `GitHub does not find the branch ${base} to merge into.`,
      {
        next: "A pull request goes into a branch: start from one with --branch.",
      },
    );
  }
  return null;
}
