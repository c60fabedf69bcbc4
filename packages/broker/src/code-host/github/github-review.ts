import type { NewReview, ReviewComment } from "@agency/core";
import { diffLines } from "../diff-lines.ts";
import type { DiffLines } from "../diff-lines.ts";
import type { Attempt, HostedRepository } from "../host-api.ts";
import { bodyWith, keyMark, placeComments } from "../place-comments.ts";
import type { PlacedReview } from "../place-comments.ts";
import { webUrl } from "../pull-fields.ts";
import { listOf, textOf } from "../read-field.ts";

const PER_PAGE = 100;
/** GitHub lists 3,000 files of a pull request and no more. */
const MAX_PAGES = 30;

export async function githubReview(
  repository: HostedRepository,
  number: number,
  review: NewReview,
): Promise<{ url: string }> {
  const attempt = repository.attempt(`review pull request #${number} of ${repository.path}`);
  const pull = `/repos/${repository.path}/pulls/${number}`;
  const known = await attempt.read(pull);
  const earlier = await findReview(attempt, pull, keyMark(review.key));
  if (earlier !== null) return earlier;
  const commit = textOf(known, "head", "sha");
  const files =
    review.comments.length === 0 ? new Map<string, DiffLines>() : await changedFiles(attempt, pull);
  const placed = placeComments(review, files);
  const answer = await post(attempt, pull, commit, placed);
  // The change moved on since its files were read, or GitHub sees a line otherwise: nothing is lost by saying it.
  const final =
    answer.status === 422 && placed.comments.length > 0
      ? await post(attempt, pull, null, { body: bodyWith(review, review.comments), comments: [] })
      : answer;
  if (final.status !== 200) throw attempt.trouble(final);
  const url = webUrl(textOf(final.json, "html_url")) ?? webUrl(textOf(known, "html_url"));
  if (url === null) throw attempt.notUnderstood();
  return { url };
}

function post(attempt: Attempt, pull: string, commit: string | null, { body, comments }: PlacedReview) {
  return attempt.post(`${pull}/reviews`, {
    event: "COMMENT",
    body,
    ...(commit === null ? {} : { commit_id: commit }),
    comments: comments.map(asGithub),
  });
}

function asGithub({ path, line, side, body }: ReviewComment): object {
  return { path, line, side: side === "old" ? "LEFT" : "RIGHT", body };
}

async function findReview(attempt: Attempt, pull: string, mark: string): Promise<{ url: string } | null> {
  for await (const review of pages(attempt, `${pull}/reviews`)) {
    const url = webUrl(textOf(review, "html_url"));
    if (url !== null && textOf(review, "body")?.includes(mark) === true) return { url };
  }
  return null;
}

async function changedFiles(attempt: Attempt, pull: string): Promise<Map<string, DiffLines>> {
  const files = new Map<string, DiffLines>();
  for await (const file of pages(attempt, `${pull}/files`)) {
    const name = textOf(file, "filename");
    const patch = textOf(file, "patch");
    if (name !== null && patch !== null) files.set(name, diffLines(patch));
  }
  return files;
}

async function* pages(attempt: Attempt, path: string): AsyncGenerator {
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const list = listOf(await attempt.read(`${path}?per_page=${PER_PAGE}&page=${page}`));
    yield* list;
    if (list.length < PER_PAGE) return;
  }
}
