import type { PullRequest } from "@agency/contract";
import type { PullRequestDetails } from "@agency/core";
import { numberOf, textOf } from "./read-field.ts";

/** A pull request as GitHub and Gitea write it. */
export function pullOf(value: unknown): PullRequest | null {
  const number = numberOf(value, "number");
  const url = webUrl(textOf(value, "html_url"));
  return number === null || url === null ? null : { number, url };
}

export function pullDetailsOf(value: unknown, askedUrl: string): PullRequestDetails | null {
  const pull = pullOf(value);
  const headBranch = textOf(value, "head", "ref");
  const baseBranch = textOf(value, "base", "ref");
  if (pull === null || headBranch === null || baseBranch === null) return null;
  return {
    ...pull,
    open: textOf(value, "state") === "open",
    headBranch,
    headRepositoryUrl: isOwnBranch(value) ? askedUrl : textOf(value, "head", "repo", "clone_url"),
    headRef: `refs/pull/${pull.number}/head`,
    baseBranch,
    title: textOf(value, "title") ?? "",
    body: textOf(value, "body") ?? "",
  };
}

/** Is the branch in the same repository, and not in a fork of it? */
export function isOwnBranch(value: unknown): boolean {
  const head = numberOf(value, "head", "repo", "id");
  return head !== null && head === numberOf(value, "base", "repo", "id");
}

/** It is shown as a link: nothing else than a web address may come out of the API. */
export function webUrl(text: string | null): string | null {
  return text !== null && text.length <= 2_000 && /^https?:\/\/[^\s"'<>\\]+$/.test(text) ? text : null;
}
