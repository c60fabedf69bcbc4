import { AgencyError } from "@agency/contract";
import type { EventBody, Outcome, TaskEvent } from "@agency/contract";
import { createRedactor } from "@agency/core";
import type {
  BranchMoved,
  CodeHost,
  NewPullRequest,
  PullRequestDetails,
  SupervisedTask,
  TaskSpec,
} from "@agency/core";
import { beforeEach, describe, expect, it } from "vitest";
import { SPEC, sampleTask } from "../testing/sample-task.ts";
import { createDelivery } from "./open-pull-request.ts";

const URL = "https://github.com/octo/hello";
const SECRET = "sk-secret-0123456789";
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

let opened: NewPullRequest[];
let moves: object[];
let moved: BranchMoved;
let details: Partial<PullRequestDetails>;
let log: EventBody[];
let slept: number[];
let failures: unknown[];
let name: string;

const codeHost: CodeHost = {
  knows: () => true,
  async pullRequest(_, url, number) {
    if (moves.length > 0 && failures.length > 0) throw failures.shift();
    return {
      number,
      url: `${url}/pull/${number}`,
      open: true,
      headBranch: "fix",
      headRepositoryUrl: url,
      headRef: `refs/pull/${number}/head`,
      baseBranch: "main",
      title: "",
      body: "",
      ...details,
    };
  },
  async open(_, url, request) {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    const known = opened.findIndex(({ head, base }) => head === request.head && base === request.base);
    const number = known < 0 ? opened.push(request) : known + 1;
    return { number, url: `${url}/pull/${number}` };
  },
  review: async () => ({ url: "" }),
};

function delivery(runUrl: (id: string) => string | null = () => null) {
  return createDelivery({
    codeHost,
    branches: {
      async advance(caller, move) {
        moves.push({ ...caller, ...move });
        return moved;
      },
    },
    tasks: { get: async () => ({ name }) as never },
    events: {
      async append({ events, taskId }) {
        for (const { type, data } of events) log.push({ type, data } as EventBody);
        return { taskId, verdict: "ok", lastSeq: log.length, runnerSeq: 0 };
      },
      async read(_, __, ___, types) {
        const events = log.filter(({ type }) => types?.includes(type) ?? true) as TaskEvent[];
        return { events, firstSeq: 1, lastSeq: log.length };
      },
    },
    secrets: { redactorFor: async () => createRedactor([{ name: "KEY", value: SECRET }]).redactor },
    runUrl,
    clock: { now: () => 125_000, sleep: async (ms) => void slept.push(ms) },
    logger: quiet,
  });
}

const OUTCOME: Outcome = {
  state: "completed",
  reason: null,
  summary: "It works now.",
  files: 2,
  added: 10,
  removed: 3,
  commit: "c1",
  commits: ["c1"],
  branch: "agency/t/fix",
  checks: [{ command: "npm test", passed: true, exitCode: 0, durationMs: 12_340 }],
};
const task = (spec: Partial<TaskSpec> = {}, more: Partial<SupervisedTask> = {}) =>
  sampleTask({
    name: "Fix",
    spec: { ...SPEC, repository: { url: URL }, deliver: "pr", pullRequest: null, ...spec },
    costUsd: 1.234,
    model: "claude-x",
    ...more,
  });

beforeEach(() => {
  opened = [];
  moves = [];
  moved = { kind: "moved" };
  details = {};
  log = [];
  slept = [];
  failures = [];
  name = "Fix the thing";
});

describe("a pull request", () => {
  it("says what was done, how the checks went and what it cost", async () => {
    const deliver = delivery((id) => `https://agency.example.com/runs/${id}`);
    expect(await deliver(task(), OUTCOME)).toEqual({ pullRequest: { number: 1, url: `${URL}/pull/1` } });
    expect(opened).toEqual([
      {
        title: "Fix the thing",
        head: "agency/t/fix",
        base: null,
        body: [
          "It works now.",
          "### Checks\n\n- `npm test` passed (12.3 s)",
          "---\nMade with Agency, [task t](https://agency.example.com/runs/t) · command (`claude-x`) · 2 files, +10 −3 · 2 min 5 s · $1.23",
        ].join("\n\n"),
      },
    ]);
    expect(log).toEqual([{ type: "delivery", data: { kind: "pull_request", location: `${URL}/pull/1` } }]);
  });

  it("counts one file as one", async () => {
    await delivery()(task(), { ...OUTCOME, files: 1 });
    expect(opened[0]?.body).toContain(" · 1 file, +10 −3 · ");
  });

  it("goes into the branch the task started from", async () => {
    await delivery()(task({ repository: { url: URL, branch: "release" } }), OUTCOME);
    expect(opened).toMatchObject([{ base: "release", body: expect.not.stringContaining("](") }]);
  });

  it("is the same one after a crash, and is told of once", async () => {
    const first = await delivery()(task(), OUTCOME);
    expect(await delivery()(task(), OUTCOME)).toEqual(first);
    expect(opened).toHaveLength(1);
    expect(log).toHaveLength(1);
  });

  it("says so when the task did not complete", async () => {
    const checks = [{ command: "npm `x` @me", passed: false, exitCode: 1, durationMs: 1_000 }];
    await delivery()(task(), { ...OUTCOME, state: "failed", reason: "checks_failed", checks });
    expect(opened[0]?.body).toContain(
      "> **The task did not complete.** The agent finished, but the declared",
    );
    expect(opened[0]?.body).toContain("- `npm 'x' @\u200Bme` **failed** with exit code 1 (1.0 s)");
  });

  it("shows no secret, also not one in pieces", async () => {
    name = `use ${SECRET}`;
    const pieces = `${SECRET} ${SECRET.slice(0, 6)}\u200B${SECRET.slice(6)} ${"y".repeat(60_000)}`;
    await delivery()(task(), { ...OUTCOME, summary: pieces });
    expect(opened[0]?.title).toBe("use [redacted:KEY]");
    expect(opened[0]?.body).toMatch(/^\[redacted:KEY\] \[redacted:KEY\] yyy/);
    expect(opened[0]?.body.length).toBeLessThan(45_000);
  });

  it.each<[string, Partial<TaskSpec>, Partial<Outcome>]>([
    ["no branch was pushed", {}, { branch: null }],
    ["the task was cancelled", {}, { state: "cancelled" }],
    ["only a branch is wanted", { deliver: "branch" }, {}],
    ["nothing is pushed", { deliver: "files" }, {}],
    ["there is no repository", { repository: null }, {}],
  ])("is not opened when %s", async (_, spec, outcome) => {
    expect(await delivery()(task(spec), { ...OUTCOME, ...outcome })).toEqual({ pullRequest: null });
    expect([opened, log]).toEqual([[], []]);
  });

  it.each(["main", "dev", "agency/other/fix", "agency/t/", "agency/t/other", "agency/tt/fix"])(
    "is not opened for %s, which the task may not push",
    async (branch) => {
      expect(await delivery()(task(), { ...OUTCOME, branch })).toMatchObject({ pullRequest: null });
      expect(opened).toEqual([]);
      expect(log).toMatchObject([
        { type: "notice", data: { level: "warn", text: expect.stringContaining("may not push") } },
      ]);
    },
  );
});

describe("a pull request that is worked on", () => {
  const on = task({ repository: { url: URL, branch: "fix" }, deliver: "branch", pullRequest: 12 });

  it("has its branch moved to what was pushed and checked, and is told of once", async () => {
    const handed = { pullRequest: { number: 12, url: `${URL}/pull/12` }, branch: "fix" };
    expect(await delivery()(on, OUTCOME)).toEqual(handed);
    expect(await delivery()(on, OUTCOME)).toEqual(handed);
    const move = { repositoryUrl: URL, from: "agency/t/fix", commit: "c1", to: "fix" };
    expect(moves[0]).toEqual({ taskId: "t", accountId: "a", epoch: 1, ...move });
    expect(opened).toEqual([]);
    expect(log).toEqual([
      { type: "delivery", data: { kind: "branch", location: "fix", commits: ["c1"] } },
      { type: "delivery", data: { kind: "pull_request", location: `${URL}/pull/12` } },
    ]);
  });

  it.each<[string, Partial<Outcome>, BranchMoved, RegExp]>([
    [
      "the task did not complete",
      { state: "failed", reason: "checks_failed" },
      { kind: "moved" },
      /did not comp/,
    ],
    ["somebody else has pushed to it", {}, { kind: "diverged" }, /Somebody else has pushed to fix/],
    ["its host refuses", {}, { kind: "refused", why: `protected ${SECRET}` }, /protected \[redacted:KEY\]/],
    ["another branch is named", { branch: "fix" }, { kind: "moved" }, /may not push/],
  ])("keeps its branch when %s, and the work stays in the task's", async (_what, more, answer, why) => {
    moved = answer;
    const handed = await delivery()(on, { ...OUTCOME, ...more });
    expect(handed).toEqual({ pullRequest: null, why: expect.stringMatching(why) });
    expect(moves).toHaveLength("state" in more || "branch" in more ? 0 : 1);
    expect(log).toMatchObject([
      { type: "notice", data: { level: "warn", text: expect.stringMatching(why) } },
    ]);
    expect(log[0]).toMatchObject({ data: { text: expect.stringContaining("is in the branch") } });
    expect(log[0]).toMatchObject({ data: { text: handed.why } });
  });
});

describe("a pull request that is not the task's to change", () => {
  const work = (more: Partial<TaskSpec>) =>
    task({ repository: { url: URL, branch: "fix" }, deliver: "branch", pullRequest: 12, ...more });

  it.each<[string, Partial<TaskSpec>]>([
    ["a review", { deliver: "none", review: { post: false } }],
    ["a task that hands back nothing", { deliver: "none" }],
    ["a task that hands back files", { deliver: "files" }],
  ])("keeps its branch, whatever %s names as its work", async (_, spec) => {
    expect(await delivery()(work(spec), OUTCOME)).toEqual({ pullRequest: null });
    expect([moves, opened, log]).toEqual([[], [], []]);
  });

  it.each<[string, Partial<PullRequestDetails>, RegExp]>([
    ["was closed or merged", { open: false }, /#12 does not have the work: It was closed or merged/],
    ["has another branch", { headBranch: "other" }, /no longer about the branch fix/],
    ["comes from elsewhere", { headRepositoryUrl: "https://github.com/evil/x" }, /no longer about/],
  ])("keeps its branch when it %s meanwhile", async (_, found, why) => {
    details = found;
    expect(await delivery()(work({}), OUTCOME)).toMatchObject({ pullRequest: null });
    expect(moves).toEqual([]);
    expect(log).toMatchObject([{ data: { level: "warn", text: expect.stringMatching(why) } }]);
  });

  it("is not said to lack the work because its host fails after the move", async () => {
    failures = Array.from({ length: 3 }, () => new AgencyError("upstream_failed", "It is down."));
    expect(await delivery()(work({}), OUTCOME)).toMatchObject({ branch: "fix", pullRequest: { number: 12 } });
    expect(moves).toHaveLength(1);
    expect(log.map(({ type }) => type)).toEqual(["delivery", "delivery"]);
  });
});

describe("a host that refuses", () => {
  const trouble = (code: "upstream_failed" | "too_many_requests" | "no_credential", retryAfterMs?: number) =>
    new AgencyError(code, `It says no to ${SECRET}.`, {
      next: "Do this.",
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });

  it("is asked again when that can help", async () => {
    failures = [trouble("upstream_failed"), trouble("too_many_requests", 30_000)];
    expect(await delivery()(task(), OUTCOME)).toMatchObject({ pullRequest: { number: 1 } });
    expect(slept).toEqual([2_000, 30_000]);
  });

  it.each([
    ["for long", [trouble("too_many_requests", 3_600_000)], 0],
    ["for good", [trouble("no_credential")], 0],
    ["again and again", Array.from({ length: 3 }, () => trouble("upstream_failed")), 2],
  ])("%s leaves the task as it is, with a notice", async (_, thrown, pauses) => {
    failures = thrown;
    const text =
      "No pull request: It says no to [redacted:KEY]. Do this. What was pushed is in the branch agency/t/fix.";
    expect(await delivery()(task(), OUTCOME)).toEqual({ pullRequest: null, why: text });
    expect(slept).toHaveLength(pauses);
    expect(log).toEqual([{ type: "notice", data: { level: "warn", text } }]);
  });

  it("is not blamed for an error of our own", async () => {
    failures = [new TypeError("a bug")];
    await expect(delivery()(task(), OUTCOME)).rejects.toThrow("a bug");
  });
});
