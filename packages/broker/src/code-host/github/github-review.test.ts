import { addPull, startCodeHost } from "@agency/testing";
import type { FakeCodeHost } from "@agency/testing";
import type { CodeHost, ReviewComment } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCodeHosts } from "../code-hosts.ts";

const CALLER = { taskId: "t", accountId: "a" };
const PATCH =
  "@@ -10,3 +10,4 @@ function x() {\n same\n-gone\n+here\n+also\n same\n\\ No newline at end of file";

let fake: FakeCodeHost;
let hosts: CodeHost;
let url: string;
let pull: ReturnType<typeof addPull>;

beforeEach(async () => {
  fake = await startCodeHost("github");
  fake.tokens.add("ghp_0123456789");
  const repository = fake.add("octo/hello");
  url = fake.url(repository);
  pull = addPull(repository, {
    head: { branch: "fix", repository: "octo/hello" },
    base: "main",
    files: new Map([["src/a.ts", PATCH]]),
  });
  hosts = createCodeHosts({
    credentials: { forApi: async () => ({ user: null, token: "ghp_0123456789" }) },
    githubApiUrl: fake.apiUrl,
    internalHosts: [fake.host],
    now: () => 0,
  });
});
afterEach(() => fake[Symbol.asyncDispose]());

const comment = (line: number, more: Partial<ReviewComment> = {}): ReviewComment => ({
  path: "src/a.ts",
  line,
  side: "new",
  body: `about ${line}`,
  ...more,
});
const review = (comments: ReviewComment[], body = "All in all.") =>
  hosts.review(CALLER, url, 1, { key: "task-1", body, comments });
const posts = () => fake.seen.filter(({ method }) => method === "POST");

describe("a review on GitHub", () => {
  it("puts what is about lines of the change at them, and the rest into the body", async () => {
    const { url: where } = await review([
      comment(11),
      comment(11, { side: "old" }),
      comment(14),
      comment(13, { side: "old" }),
      comment(1, { path: "src/elsewhere.ts", body: "two\nlines" }),
    ]);
    expect(where).toBe(`${url}/pull/1#pullrequestreview-500`);
    expect(pull.reviews).toMatchObject([
      {
        comments: [
          { path: "src/a.ts", line: 11, side: "RIGHT", body: "about 11" },
          { path: "src/a.ts", line: 11, side: "LEFT", body: "about 11" },
        ],
      },
    ]);
    const body = pull.reviews[0]?.body ?? "";
    expect(body).toContain("All in all.");
    expect(body).toContain("- `src/a.ts:14`: about 14");
    expect(body).toContain("- `src/a.ts:13 (before)`: about 13");
    expect(body).toContain("- `src/elsewhere.ts:1`: two\n  lines");
  });

  it("is posted once, however often it is asked for", async () => {
    const first = await review([comment(11)]);
    expect(await review([comment(11)])).toEqual(first);
    expect(posts()).toHaveLength(1);
  });

  it("is found again when its answer was lost", async () => {
    const pass = () => undefined;
    fake.instead.push(pass, pass, pass, () => {
      pull.reviews.push({ id: 500, body: "All in all.\n\n<!-- agency-review:task-1 -->", comments: [] });
      return null;
    });
    await expect(review([comment(11)])).rejects.toMatchObject({ code: "upstream_failed" });
    expect((await review([comment(11)])).url).toMatch(/-500$/);
    expect(pull.reviews).toHaveLength(1);
  });

  it("says everything in the body when the change moved on meanwhile", async () => {
    const pass = () => undefined;
    fake.instead.push(pass, pass, pass, () => {
      pull.files.set("src/a.ts", "@@ -1 +1 @@\n-x\n+y");
      return undefined;
    });
    await review([comment(11)]);
    expect(pull.reviews).toMatchObject([{ comments: [] }]);
    expect(pull.reviews[0]?.body).toContain("- `src/a.ts:11`: about 11");
  });

  it("takes a thousand comments on a change of many files in one request", async () => {
    for (let i = 0; i < 250; i += 1) pull.files.set(`f${i}.ts`, "@@ -0,0 +1,4 @@\n+1\n+2\n+3\n+4");
    const comments = Array.from({ length: 1_000 }, (_, i) =>
      comment(1 + (i % 4), { path: `f${Math.floor(i / 4)}.ts` }),
    );
    await review(comments);
    expect(posts()).toHaveLength(1);
    expect(pull.reviews[0]?.comments).toHaveLength(1_000);
  });

  it("keeps a body that GitHub takes when a thousand comments have no line to stand at", async () => {
    const comments = Array.from({ length: 1_000 }, (_, i) => comment(i + 1_000, { body: "x".repeat(500) }));
    await review(comments, "y".repeat(100_000));
    const body = pull.reviews[0]?.body ?? "";
    expect(body.length).toBeLessThanOrEqual(60_000);
    expect(body).toMatch(/…and \d+ more/);
    expect(body).toContain("<!-- agency-review:task-1 -->");
  });

  it("does not fail on a file whose patch is left out", async () => {
    pull.files.set("big.bin", "");
    await review([comment(1, { path: "big.bin" })]);
    expect(pull.reviews[0]?.body).toContain("`big.bin:1`");
  });

  it("says why it cannot be posted", async () => {
    fake.mayWrite = false;
    await expect(review([])).rejects.toThrow("Resource not accessible by personal access token");
  });
});
