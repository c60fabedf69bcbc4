import { answered, listIn, notFound, pageOf, textIn } from "./fake-answer.ts";
import type { FakeAnswer, FakeCall } from "./fake-answer.ts";
import { addPull, openPull } from "./fake-repository.ts";
import type { FakePull, FakeRepository } from "./fake-repository.ts";
import { pullJson } from "./github-answers.ts";

/** What follows `/repos/owner/name`, where Gitea is not like GitHub. */
export function giteaAnswer(
  origin: string,
  repository: FakeRepository,
  rest: string,
  call: FakeCall,
): FakeAnswer {
  if (rest === "") return answered({ full_name: repository.path, default_branch: repository.defaultBranch });
  if (rest === "/pulls")
    return call.method === "POST" ? create(origin, repository, call) : list(origin, repository, call);
  const [, number, part = ""] = /^\/pulls\/(\d+)(\.diff|\/reviews)?$/.exec(rest) ?? [];
  const pull = repository.pulls.find((one) => one.number === Number(number));
  if (pull === undefined) return notFound;
  if (part === "") return answered(pullJson(origin, repository, pull));
  if (part === ".diff") return answered(diffOf(pull));
  const url = (id: number) => `${origin}/${repository.path}/pulls/${pull.number}#issuecomment-${id}`;
  if (call.method !== "POST") {
    const reviews = pull.reviews.map(({ id, body }) => ({ id, body, html_url: url(id) }));
    return answered(pageOf(reviews, call.query, "limit"));
  }
  const id = 500 + pull.reviews.length;
  pull.reviews.push({ id, body: textIn(call.body, "body"), comments: listIn(call.body, "comments") });
  return answered({ id, html_url: url(id) });
}

/** It knows no filter by branch. */
function list(origin: string, repository: FakeRepository, { query }: FakeCall): FakeAnswer {
  const open = repository.pulls.filter(({ state }) => state === "open");
  const page = pageOf(open, query, "limit");
  return answered(page.map((pull) => pullJson(origin, repository, pull)));
}

function create(origin: string, repository: FakeRepository, { body }: FakeCall): FakeAnswer {
  const [head, base] = [textIn(body, "head"), textIn(body, "base")];
  if (!repository.branches.has(head) || !repository.branches.has(base)) return notFound;
  if (openPull(repository, head, base) !== undefined) {
    return answered({ message: "pull request already exists for these targets" }, 409);
  }
  const pull = addPull(repository, {
    head: { branch: head, repository: repository.path },
    base,
    title: textIn(body, "title"),
    body: textIn(body, "body"),
  });
  return answered(pullJson(origin, repository, pull), 201);
}

function diffOf({ files }: FakePull): string {
  return Array.from(
    files,
    ([name, patch]) =>
      `diff --git a/${name} b/${name}\nindex 1..2 100644\n--- a/${name}\n+++ b/${name}\n${patch}\n`,
  ).join("");
}
