import { answered, notFound, pageOf, textIn } from "./fake-answer.ts";
import type { FakeAnswer, FakeCall } from "./fake-answer.ts";
import { addPull, openPull } from "./fake-repository.ts";
import type { FakePull, FakeRepository } from "./fake-repository.ts";

/** What follows `/projects/<path>`, the way GitLab answers it. */
export function gitlabAnswer(
  origin: string,
  repository: FakeRepository,
  rest: string,
  call: FakeCall,
): FakeAnswer {
  if (rest === "") return answered({ id: repository.id, default_branch: repository.defaultBranch });
  if (rest === "/merge_requests") {
    return call.method === "POST" ? create(origin, repository, call) : list(origin, repository, call);
  }
  const [, number, part = ""] = /^\/merge_requests\/(\d+)(\/notes)?$/.exec(rest) ?? [];
  const pull = repository.pulls.find((one) => one.number === Number(number));
  if (pull === undefined) return notFound;
  if (part === "") return answered(mergeJson(origin, repository, pull));
  if (call.method !== "POST") {
    return answered(pageOf(pull.reviews, call.query, "per_page").map(({ id, body }) => ({ id, body })));
  }
  const id = 500 + pull.reviews.length;
  pull.reviews.push({ id, body: textIn(call.body, "body"), comments: [] });
  return answered({ id }, 201);
}

function mergeJson(origin: string, repository: FakeRepository, pull: FakePull): object {
  const { number, title, body, state, head, base } = pull;
  return {
    iid: number,
    title,
    description: body,
    state: state === "open" ? "opened" : "closed",
    web_url: `${origin}/${repository.path}/-/merge_requests/${number}`,
    source_branch: head.branch,
    target_branch: base,
    source_project_id: head.repository === repository.path ? repository.id : repository.id + 10_000,
    target_project_id: repository.id,
  };
}

function list(origin: string, repository: FakeRepository, { query }: FakeCall): FakeAnswer {
  const found = repository.pulls.filter(
    ({ state, head, base }) =>
      state === "open" && head.branch === query.get("source_branch") && base === query.get("target_branch"),
  );
  return answered(found.map((pull) => mergeJson(origin, repository, pull)));
}

function create(origin: string, repository: FakeRepository, { body }: FakeCall): FakeAnswer {
  const [head, base] = [textIn(body, "source_branch"), textIn(body, "target_branch")];
  const other = openPull(repository, head, base);
  if (other !== undefined) {
    const message = [`Another open merge request already exists for this source branch: !${other.number}`];
    return answered({ message }, 409);
  }
  if (!repository.branches.has(head)) return answered({ message: ["Source branch does not exist"] }, 400);
  const pull = addPull(repository, {
    head: { branch: head, repository: repository.path },
    base,
    title: textIn(body, "title"),
    body: textIn(body, "description"),
  });
  return answered(mergeJson(origin, repository, pull), 201);
}
