import type { PullRequest } from "@agency/contract";
import type { NewPullRequest, NewReview, PullRequestDetails } from "@agency/core";
import type { Attempt, HostApi, HostedRepository } from "../host-api.ts";
import { bodyWith, keyMark } from "../place-comments.ts";
import { webUrl } from "../pull-fields.ts";
import { fieldOf, listOf, numberOf, textOf } from "../read-field.ts";

const MAX_PAGES = 20;

/** Merge requests of GitLab, https://docs.gitlab.com/api/merge_requests. */
export const gitlab: HostApi = {
  scope: "the scope `api`",
  headers: (credential) => (credential === null ? {} : { authorization: `Bearer ${credential.token}` }),
  accepts: (path) => /^[\w.+-]+(?:\/[\w.+-]+)+$/.test(path),
  async pullRequest(repository, number) {
    const attempt = repository.attempt(`read merge request !${number} of ${repository.path}`);
    return detailsOf(attempt, await attempt.read(mergeRequests(repository, number)), repository.url);
  },
  open: openMergeRequest,
  review: postNote,
};

function mergeRequests({ path }: HostedRepository, number?: number): string {
  const all = `/projects/${encodeURIComponent(path)}/merge_requests`;
  return number === undefined ? all : `${all}/${number}`;
}

function mergeRequestOf(value: unknown): PullRequest | null {
  const number = numberOf(value, "iid");
  const url = webUrl(textOf(value, "web_url"));
  return number === null || url === null ? null : { number, url };
}

function isOwnBranch(value: unknown): boolean {
  const source = numberOf(value, "source_project_id");
  return source !== null && source === numberOf(value, "target_project_id");
}

function detailsOf(attempt: Attempt, value: unknown, askedUrl: string): PullRequestDetails {
  const merge = mergeRequestOf(value);
  const headBranch = textOf(value, "source_branch");
  const baseBranch = textOf(value, "target_branch");
  if (merge === null || headBranch === null || baseBranch === null) throw attempt.notUnderstood();
  return {
    ...merge,
    open: textOf(value, "state") === "opened",
    headBranch,
    headRepositoryUrl: isOwnBranch(value) ? askedUrl : null,
    headRef: `refs/merge-requests/${merge.number}/head`,
    baseBranch,
    title: textOf(value, "title") ?? "",
    body: textOf(value, "description") ?? "",
  };
}

async function openMergeRequest(repository: HostedRepository, request: NewPullRequest): Promise<PullRequest> {
  const attempt = repository.attempt(`open a merge request in ${repository.path}`);
  const project = `/projects/${encodeURIComponent(repository.path)}`;
  const target = request.base ?? textOf(await attempt.read(project), "default_branch");
  if (target === null) throw attempt.notUnderstood();
  const { title, body: description, head } = request;
  const query = new URLSearchParams({ state: "opened", source_branch: head, target_branch: target });
  const find = async () => {
    const list = listOf(await attempt.read(`${mergeRequests(repository)}?${query.toString()}`));
    const isSame = (value: unknown) =>
      textOf(value, "source_branch") === head &&
      textOf(value, "target_branch") === target &&
      isOwnBranch(value);
    return mergeRequestOf(list.find(isSame));
  };
  const found = await find();
  if (found !== null) return found;
  const body = { source_branch: head, target_branch: target, title, description };
  const answer = await attempt.post(mergeRequests(repository), body);
  const made = answer.status === 201 ? mergeRequestOf(answer.json) : null;
  if (made !== null) return made;
  const other = answer.status === 409 ? await find() : null;
  if (other !== null) return other;
  throw answer.status === 201 ? attempt.notUnderstood() : attempt.trouble(answer);
}

/** One note with everything in it: GitLab takes comments on lines one by one only. */
async function postNote(
  repository: HostedRepository,
  number: number,
  review: NewReview,
): Promise<{ url: string }> {
  const attempt = repository.attempt(`review merge request !${number} of ${repository.path}`);
  const path = mergeRequests(repository, number);
  const merge = mergeRequestOf(await attempt.read(path));
  if (merge === null) throw attempt.notUnderstood();
  const earlier = await findNote(attempt, path, keyMark(review.key));
  const note = earlier ?? (await addNote(attempt, path, bodyWith(review, review.comments)));
  return { url: `${merge.url}#note_${note}` };
}

async function findNote(attempt: Attempt, path: string, mark: string): Promise<number | null> {
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const notes = listOf(await attempt.read(`${path}/notes?per_page=100&page=${page}`));
    const found = notes.find((note) => textOf(note, "body")?.includes(mark) === true);
    if (found !== undefined) return numberOf(found, "id");
    if (notes.length < 100) return null;
  }
  return null;
}

async function addNote(attempt: Attempt, path: string, body: string): Promise<number> {
  const answer = await attempt.post(`${path}/notes`, { body });
  const id = fieldOf(answer.json, "id");
  if (answer.status === 201 && typeof id === "number") return id;
  throw answer.status === 201 ? attempt.notUnderstood() : attempt.trouble(answer);
}
