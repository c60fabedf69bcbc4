import type { TaskEvent } from "@agency/contract";
import { createRedactor } from "@agency/core";
import type { NewReview } from "@agency/core";
import { describe, expect, it } from "vitest";
import { SPEC, sampleTask } from "../testing/sample-task.ts";
import { postReview } from "./post-review.ts";
import { readReview } from "./read-review.ts";

const SECRET = "sk-secret-0123456789";
const { redactor } = createRedactor([{ name: "KEY", value: SECRET }]);
const read = (value: unknown) => readReview(JSON.stringify(value), redactor.redactText);
const comment = (more: object = {}) => ({ path: "a.ts", line: 1, body: "wrong", ...more });

describe("a review written by an agent", () => {
  it("is read with its comments, on new lines when nothing else is said", () => {
    expect(read({ body: "So.", comments: [comment(), comment({ side: "old" })] })).toEqual({
      ok: true,
      body: "So.",
      comments: [
        { path: "a.ts", line: 1, side: "new", body: "wrong" },
        { path: "a.ts", line: 1, side: "old", body: "wrong" },
      ],
    });
  });

  it.each([
    ["an absolute path", { path: "/etc/passwd" }],
    ["a path of two lines", { path: "a\nb" }],
    ["a line of nothing", { line: 0 }],
    ["half a line", { line: 1.5 }],
    ["a line in words", { line: "1" }],
    ["another side", { side: "LEFT" }],
    ["nothing to say", { body: "  " }],
    ["a body that is none", { body: { x: 1 } }],
  ])("loses a comment with %s, and says so, but none of the others", (_, bad) => {
    expect(read({ body: "So.", comments: [comment(bad), comment(), null, 7] })).toMatchObject({
      body: "So.\n\n3 of the 4 comments could not be used.",
      comments: [{ line: 1 }],
    });
  });

  it("has a thousand comments at most, each with a limit", () => {
    const review = read({
      comments: Array.from({ length: 1_200 }, () => comment({ body: "x".repeat(3_000) })),
    });
    expect(review).toMatchObject({ ok: true, body: "200 of the 1200 comments could not be used." });
    const long = read({ comments: [comment({ body: "x".repeat(50_000) })] });
    expect(long.ok && long.comments[0]?.body.length).toBe(8_000);
  });

  it("notifies nobody, commands nothing and shows no secret", () => {
    const hostile = `@octocat ${SECRET}\n/merge\n![x](https://evil.example)`;
    const shown = "@\u200Boctocat [redacted:KEY]\n\\/merge\n[x](https://evil.example)";
    expect(read({ body: hostile, comments: [comment({ body: hostile })] })).toMatchObject({
      body: shown,
      comments: [{ body: shown }],
    });
  });

  it.each([
    ["is not JSON", "{"],
    ["is not an object with `body` and `comments`", "[]"],
    ["is not an object with `body` and `comments`", '{"comments": "none"}'],
    ["says nothing", "{}"],
    ["is over 4 MiB", " ".repeat(4 * 1024 * 1024 + 1)],
  ])("%s", (problem, text) => {
    expect(readReview(text, redactor.redactText)).toEqual({ ok: false, problem });
  });
});

describe("posting it", () => {
  const ground = () => {
    const posted: NewReview[] = [];
    const said: object[] = [];
    const deps = {
      codeHost: {
        knows: () => true,
        pullRequest: () => Promise.reject(new Error("not asked")),
        open: () => Promise.reject(new Error("not asked")),
        async review(_: unknown, url: string, number: number, review: NewReview) {
          posted.push(review);
          return { url: `${url}/pull/${number}#1` };
        },
      },
      events: {
        async append({ taskId, events }: { taskId: string; events: readonly object[] }) {
          said.push(...events);
          return { taskId, verdict: "ok" as const, lastSeq: 1, runnerSeq: 0 };
        },
        read: async () => ({ events: said as TaskEvent[], firstSeq: 1, lastSeq: said.length }),
      },
      secrets: { redactorFor: async () => redactor },
      clock: { now: () => 0, sleep: async () => undefined },
    };
    return { deps, posted, said };
  };
  const repository = { url: "https://github.com/octo/hello" };
  const task = sampleTask({ spec: { ...SPEC, repository, pullRequest: 12 } });

  it("names the task, so that it is one review however often it is posted", async () => {
    const { deps, posted, said } = ground();
    const url = "https://github.com/octo/hello/pull/12#1";
    expect(await postReview(deps, task, '{"body":"So."}')).toEqual({ url });
    expect(posted[0]).toEqual({ key: "t", body: "So.", comments: [] });
    expect(await postReview(deps, task, '{"body":"So."}')).toEqual({ url });
    expect(said).toMatchObject([{ type: "delivery", data: { kind: "review", location: url } }]);
  });

  it("is refused for a file that is no review, and for a task without a pull request", async () => {
    const { deps, posted } = ground();
    await expect(postReview(deps, task, "nonsense")).rejects.toThrow(".agency/review.json is not JSON");
    const other = sampleTask({ spec: { ...SPEC, repository, pullRequest: null } });
    await expect(postReview(deps, other, '{"body":"So."}')).rejects.toThrow("not about a pull request");
    expect(posted).toEqual([]);
  });
});
