import type { PullRequest } from "@agency/contract";
import type { NewPullRequest, NewReview } from "@agency/core";
import { diffFiles } from "../diff-lines.ts";
import type { DiffLines } from "../diff-lines.ts";
import type { Attempt, HostApi, HostedRepository } from "../host-api.ts";
import { bodyWith, keyMark, placeComments } from "../place-comments.ts";
import type { PlacedReview } from "../place-comments.ts";
import { isOwnBranch, pullDetailsOf, pullOf, webUrl } from "../pull-fields.ts";
import { listOf, textOf } from "../read-field.ts";

const PER_PAGE = 50;
const MAX_PAGES = 20;

/** Gitea and Forgejo: GitHub's API in most of its shapes, under `/api/v1`. */
export const gitea: HostApi = {
  scope: "the scopes `write:repository` and `write:issue`",
  headers: (credential) => {
    if (credential === null) return {};
    const { user, token } = credential;
    const basic = Buffer.from(`${user ?? ""}:${token}`).toString("base64");
    return { authorization: user === null ? `token ${token}` : `Basic ${basic}` };
  },
  accepts: (path) => /^[\w.-]+\/[\w.-]+$/.test(path),
  async pullRequest(repository, number) {
    const attempt = repository.attempt(`read pull request #${number} of ${repository.path}`);
    const answer = await attempt.read(`/repos/${repository.path}/pulls/${number}`);
    const details = pullDetailsOf(answer, repository.url);
    if (details === null) throw attempt.notUnderstood();
    return details;
  },
  open: openPull,
  review: postReview,
};

async function openPull(repository: HostedRepository, request: NewPullRequest): Promise<PullRequest> {
  const attempt = repository.attempt(`open a pull request in ${repository.path}`);
  const known = `/repos/${repository.path}`;
  const base = request.base ?? textOf(await attempt.read(known), "default_branch");
  if (base === null) throw attempt.notUnderstood();
  const { title, body, head } = request;
  const isSame = (pull: unknown) =>
    textOf(pull, "head", "ref") === head && textOf(pull, "base", "ref") === base && isOwnBranch(pull);
  const find = async () => {
    for await (const pull of pages(attempt, `${known}/pulls?state=open`))
      if (isSame(pull)) return pullOf(pull);
    return null;
  };
  const found = await find();
  if (found !== null) return found;
  const answer = await attempt.post(`${known}/pulls`, { title, body, head, base });
  const made = answer.status === 201 ? pullOf(answer.json) : null;
  if (made !== null) return made;
  const other = answer.status === 409 ? await find() : null;
  if (other !== null) return other;
  throw answer.status === 201 ? attempt.notUnderstood() : attempt.trouble(answer);
}

async function postReview(
  repository: HostedRepository,
  number: number,
  review: NewReview,
): Promise<{ url: string }> {
  const attempt = repository.attempt(`review pull request #${number} of ${repository.path}`);
  const pull = `/repos/${repository.path}/pulls/${number}`;
  const known = await attempt.read(pull);
  for await (const earlier of pages(attempt, `${pull}/reviews?`)) {
    const url = webUrl(textOf(earlier, "html_url"));
    if (url !== null && textOf(earlier, "body")?.includes(keyMark(review.key)) === true) return { url };
  }
  const placed = placeComments(review, await changedFiles(attempt, pull));
  const answer = await attempt.post(`${pull}/reviews`, asGitea(placed));
  const final =
    answer.status === 422 && placed.comments.length > 0
      ? await attempt.post(
          `${pull}/reviews`,
          asGitea({ body: bodyWith(review, review.comments), comments: [] }),
        )
      : answer;
  if (final.status !== 200 && final.status !== 201) throw attempt.trouble(final);
  const url = webUrl(textOf(final.json, "html_url")) ?? webUrl(textOf(known, "html_url"));
  if (url === null) throw attempt.notUnderstood();
  return { url };
}

function asGitea({ body, comments }: PlacedReview): object {
  return {
    event: "COMMENT",
    body,
    comments: comments.map(({ path, line, side, body: text }) => ({
      path,
      body: text,
      ...(side === "old" ? { old_position: line } : { new_position: line }),
    })),
  };
}

async function changedFiles(attempt: Attempt, pull: string): Promise<Map<string, DiffLines>> {
  const answer = await attempt.get(`${pull}.diff`);
  if (answer.status !== 200) throw attempt.trouble(answer);
  return diffFiles(answer.text);
}

/** A server may allow fewer on a page than were asked for: only an empty page is the last one. */
async function* pages(attempt: Attempt, path: string): AsyncGenerator {
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const list = listOf(await attempt.read(`${path}&limit=${PER_PAGE}&page=${page}`));
    if (list.length === 0) return;
    yield* list;
  }
}
