import { answered, listIn, notFound, pageOf, textIn } from "./fake-answer.ts";
import type { FakeAnswer, FakeCall } from "./fake-answer.ts";
import { addPull, openPull } from "./fake-repository.ts";
import type { FakePull, FakeRepository } from "./fake-repository.ts";

/** What follows `/repos/owner/name`, the way GitHub answers it. */
export function githubAnswer(
  origin: string,
  repository: FakeRepository,
  rest: string,
  call: FakeCall,
): FakeAnswer {
  const owner = repository.path.split("/")[0] ?? "";
  if (rest === "") {
    const { path, id, defaultBranch } = repository;
    return answered({ id, full_name: path, owner: { login: owner }, default_branch: defaultBranch });
  }
  if (rest === "/pulls" && call.method === "POST") return create(origin, repository, call);
  if (rest === "/pulls") return list(origin, repository, call);
  const [, number, part = ""] = /^\/pulls\/(\d+)(\/\w+)?$/.exec(rest) ?? [];
  const pull = repository.pulls.find((one) => one.number === Number(number));
  if (pull === undefined) return notFound;
  if (part === "") return answered(pullJson(origin, repository, pull));
  if (part === "/files") return answered(pageOf(filesJson(pull), call.query, "per_page"));
  if (part !== "/reviews") return notFound;
  if (call.method === "POST") return review(origin, repository, pull, call);
  const reviews = pull.reviews.map(({ id, body }) => ({
    id,
    body,
    html_url: reviewUrl(origin, repository, pull, id),
  }));
  return answered(pageOf(reviews, call.query, "per_page"));
}

export function pullJson(origin: string, repository: FakeRepository, pull: FakePull): object {
  const { number, title, body, state, head, base } = pull;
  const own = head.repository === repository.path;
  const repo =
    head.repository === null
      ? null
      : {
          id: own ? repository.id : repository.id + 10_000,
          full_name: head.repository,
          clone_url: `${origin}/${head.repository}.git`,
        };
  return {
    number,
    title,
    body,
    state,
    html_url: `${origin}/${repository.path}/pull/${number}`,
    head: { ref: head.branch, sha: repository.branches.get(head.branch) ?? "c0", repo },
    base: { ref: base, repo: { id: repository.id, full_name: repository.path } },
  };
}

function list(origin: string, repository: FakeRepository, { query }: FakeCall): FakeAnswer {
  const owner = repository.path.split("/")[0];
  const found = repository.pulls.filter(
    (pull) =>
      pull.state === (query.get("state") ?? "open") &&
      pull.base === (query.get("base") ?? pull.base) &&
      `${owner}:${pull.head.branch}` === (query.get("head") ?? `${owner}:${pull.head.branch}`),
  );
  return answered(
    pageOf(
      found.map((pull) => pullJson(origin, repository, pull)),
      query,
      "per_page",
    ),
  );
}

function create(origin: string, repository: FakeRepository, { body }: FakeCall): FakeAnswer {
  const [head, base] = [textIn(body, "head"), textIn(body, "base")];
  const invalid = (field: string) =>
    answered(
      { message: "Validation Failed", errors: [{ resource: "PullRequest", field, code: "invalid" }] },
      422,
    );
  if (!repository.branches.has(head)) return invalid("head");
  if (!repository.branches.has(base)) return invalid("base");
  const failed = (message: string) =>
    answered(
      { message: "Validation Failed", errors: [{ resource: "PullRequest", code: "custom", message }] },
      422,
    );
  if (repository.branches.get(head) === repository.branches.get(base)) {
    return failed(`No commits between ${base} and ${head}`);
  }
  if (openPull(repository, head, base) !== undefined) {
    return failed(`A pull request already exists for ${repository.path.split("/")[0]}:${head}.`);
  }
  const pull = addPull(repository, {
    head: { branch: head, repository: repository.path },
    base,
    title: textIn(body, "title"),
    body: textIn(body, "body"),
  });
  return answered(pullJson(origin, repository, pull), 201);
}

function filesJson({ files }: FakePull): object[] {
  // A patch that is too large, or of a binary file, is left out.
  return Array.from(files, ([filename, patch]) => ({ filename, ...(patch === "" ? {} : { patch }) }));
}

function review(origin: string, repository: FakeRepository, pull: FakePull, { body }: FakeCall): FakeAnswer {
  const comments = listIn(body, "comments");
  if (textIn(body, "body").length > 65_536) {
    return answered({ message: "Unprocessable Entity", errors: ["body is too long"] }, 422);
  }
  if (!comments.every((comment) => isInDiff(pull, comment))) {
    return answered({ message: "Unprocessable Entity", errors: ["Line could not be resolved"] }, 422);
  }
  const id = 500 + pull.reviews.length;
  pull.reviews.push({ id, body: textIn(body, "body"), comments });
  return answered({ id, html_url: reviewUrl(origin, repository, pull, id) });
}

/** Counted another way than the product does it: by walking the patch for this one line. */
function isInDiff({ files }: FakePull, comment: object): boolean {
  const line: unknown = Reflect.get(comment, "line");
  const left = textIn(comment, "side") === "LEFT";
  return (files.get(textIn(comment, "path")) ?? "").split(/^(?=@@ )/m).some((hunk) => {
    const [head = "", ...lines] = hunk.split("\n");
    const first = Number((left ? /-(\d+)/ : /\+(\d+)/).exec(head)?.[1]);
    const shown = lines.filter((text) => text.startsWith(" ") || text.startsWith(left ? "-" : "+"));
    return typeof line === "number" && line >= first && line < first + shown.length;
  });
}

function reviewUrl(origin: string, { path }: FakeRepository, { number }: FakePull, id: number): string {
  return `${origin}/${path}/pull/${number}#pullrequestreview-${id}`;
}
