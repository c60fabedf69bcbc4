import { describe, expect, it } from "vitest";
import type { EventOf, Outcome, TaskEvent, TaskResult } from "@agency/contract";
import type { Logger, TaskSpec } from "@agency/core";
import { RUNNING, sampleTask, SPEC } from "../testing/sample-task.ts";
import { saveResult } from "./save-result.ts";
import type { SaveResultDeps } from "./save-result.ts";

const BRANCH = "agency/t/a-small-task";
const outcome: Outcome = {
  state: "completed",
  reason: null,
  summary: "done",
  files: 1,
  added: 2,
  removed: 3,
  commit: "a".repeat(40),
  commits: ["a".repeat(40)],
  branch: BRANCH,
  checks: [{ command: "true", passed: true, exitCode: 0, durationMs: 1 }],
};
const REF = `refs/heads/${BRANCH}`;
const update = (more: object = {}) => ({
  ref: REF,
  old: "0".repeat(40),
  new: outcome.commit ?? "",
  ok: true,
  ...more,
});
const pushed = (data: Partial<EventOf<"git">["data"]> = {}, epoch = 1): Omit<TaskEvent, "seq"> => ({
  at: "2026-01-01T00:00:00.000Z",
  epoch,
  type: "git",
  data: {
    host: "h",
    repository: "r",
    action: "push",
    refs: [REF],
    updates: [update()],
    verdict: "allowed",
    bytesIn: 0,
    bytesOut: 0,
    ...data,
  },
});

function unknown(): Omit<TaskEvent, "seq"> {
  const { updates: _updates, ...data } = (pushed() as EventOf<"git">).data;
  return { ...pushed(), data };
}

async function save(
  log: Omit<TaskEvent, "seq">[],
  deliver?: SaveResultDeps["deliver"],
  more: Partial<Outcome> = {},
  spec: Partial<TaskSpec> = {},
) {
  const saved: TaskResult[] = [];
  const said: object[] = [];
  const warned: unknown[] = [];
  const events = log.map((event, i) => ({ ...event, seq: i + 1 }) as TaskEvent);
  const deps: SaveResultDeps = {
    tasks: { setResult: (_id, _epoch, result) => Promise.resolve(void saved.push(result)) },
    events: {
      read: (_id, after, limit, types) => {
        const page = events.filter(({ type }) => types?.includes(type)).slice(after, after + limit);
        return Promise.resolve({ events: page, lastSeq: events.length, firstSeq: 1 });
      },
      append: ({ events: more, taskId }) => {
        said.push(...more);
        return Promise.resolve({ taskId, verdict: "ok", lastSeq: 0, runnerSeq: 0 });
      },
    },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    providers: new Map(),
    logger: { warn: (facts: unknown) => void warned.push(facts) } as unknown as Logger,
    ...(deliver === undefined ? {} : { deliver }),
  };
  const attempt = { epoch: 1, state: "finalizing" as const, startedAt: 0, outcome: { ...outcome, ...more } };
  const snapshot = { ...RUNNING, state: "finishing" as const, attempt };
  await saveResult(deps, sampleTask({ snapshot, spec: { ...SPEC, ...spec } }));
  return { result: saved[0], warned, said };
}

describe("the result of a task", () => {
  it("is what the runner said, with the branch whose push the broker saw", async () => {
    const { state: _state, reason: _reason, ...said } = outcome;
    expect((await save([pushed()])).result).toEqual({
      ...said,
      workspace: null,
      pullRequest: null,
      undelivered: null,
      review: null,
    });
    const many = Array.from({ length: 1_200 }, () => pushed({ action: "fetch" }));
    expect((await save([...many, pushed()])).result?.branch).toBe(BRANCH);
  });

  it.each<[string, Omit<TaskEvent, "seq">[]]>([
    ["was pushed", []],
    ["got through", [pushed({ verdict: "denied" }), pushed({ updates: [update({ ok: false })] })]],
    ["was reported by the host", [pushed({ updates: [update({ ok: null })] })]],
    ["had that name", [pushed({ updates: [update({ ref: `${REF}er` })] })]],
    ["had that commit", [pushed({ updates: [update({ new: "b".repeat(40) })] })]],
    ["was left of it", [pushed(), pushed({ updates: [update({ new: "0".repeat(40) })] })]],
    ["is known of what came after", [pushed(), pushed({ updates: [update({ ok: null })] })]],
    ["is known of many refs that came after", [pushed(), unknown()]],
    ["was more than read", [pushed({ action: "fetch" })]],
    ["was of this attempt", [pushed({}, 0)]],
  ])("is files only, and says so, when nothing %s", async (_what, log) => {
    const { result, said } = await save(log);
    expect(result).toMatchObject({ branch: null, commit: null, commits: [] });
    expect(said).toMatchObject([
      { type: "notice", data: { level: "warn", text: expect.stringContaining("as files only") } },
    ]);
  });

  it("is not shaken by a later push that the host or the broker refused", async () => {
    const later = [
      pushed({ updates: [update({ new: "b".repeat(40), ok: false })] }),
      pushed({ verdict: "denied" }),
    ];
    const { result, said } = await save([pushed(), ...later]);
    expect([result?.branch, result?.commit, said]).toEqual([BRANCH, outcome.commit, []]);
  });

  it("names no commit that is nowhere but in the sandbox", async () => {
    const { result, said } = await save([], undefined, { branch: null });
    expect(result).toMatchObject({ branch: null, commit: null, commits: [] });
    expect(said).toEqual([]);
  });

  it("names the branch its work was moved on to", async () => {
    const pullRequest = { number: 7, url: "https://github.com/a/b/pull/7" };
    const { result } = await save([pushed()], () => Promise.resolve({ pullRequest, branch: "fix" }));
    expect(result).toMatchObject({ branch: "fix", commit: outcome.commit, pullRequest });
  });

  it("has the pull request that is made of it, and can do without", async () => {
    const pullRequest = { number: 7, url: "https://github.com/a/b/pull/7" };
    const given: unknown[] = [];
    const { result } = await save([], (_task, seen) => {
      given.push(seen.branch);
      return Promise.resolve({ pullRequest });
    });
    expect([result?.pullRequest, given]).toEqual([pullRequest, [null]]);
    const failed = await save([pushed()], () => Promise.reject(new Error("the host is away")));
    expect(failed.result).toMatchObject({ branch: BRANCH, pullRequest: null });
    expect(failed.warned).toHaveLength(1);
  });
});

describe("what a result says of a branch or a pull request that is not there", () => {
  const repository = { url: "https://github.com/a/b" };
  const branch = { repository, deliver: "branch" } as const;
  const pr = { repository, deliver: "pr" } as const;
  const onto = { ...branch, pullRequest: 12 };
  const unpushed = { branch: null, undelivered: "It was declined." };
  const pullRequest = { number: 7, url: "https://github.com/a/b/pull/7" };
  async function missing(
    spec: Partial<TaskSpec>,
    more: Partial<Outcome> = {},
    deliver?: SaveResultDeps["deliver"],
  ) {
    return (await save([pushed()], deliver, more, spec)).result?.undelivered;
  }

  it("is nothing when it is there, when nothing was changed, or when nothing was asked for", async () => {
    expect(await missing(branch)).toBeNull();
    expect(await missing(branch, { undelivered: "It was declined." })).toBeNull();
    expect(await missing(pr, {}, async () => ({ pullRequest }))).toBeNull();
    expect(await missing(onto, {}, async () => ({ pullRequest, branch: "fix" }))).toBeNull();
    expect(await missing(pr, { branch: null, commit: null, commits: [] })).toBeNull();
    expect(await missing({ repository, deliver: "files" }, unpushed)).toBeNull();
    expect(await missing({ repository, deliver: "none", pullRequest: 12 }, unpushed)).toBeNull();
    expect(await missing({ repository: null, deliver: "branch" }, unpushed)).toBeNull();
  });

  it.each<[Partial<TaskSpec>, string]>([
    [branch, "No branch: It was declined."],
    [pr, "No pull request: It was declined."],
    [onto, "Pull request #12 does not have the work: It was declined."],
  ])("is why it was not pushed, also when the task failed", async (spec, text) => {
    expect(await missing(spec, unpushed)).toBe(text);
    expect(await missing(spec, { ...unpushed, state: "failed", reason: "timeout" })).toBe(text);
    expect(await missing(spec, { ...unpushed, commit: null, commits: [] })).toBe(text);
  });

  it("is that the runner did not say why, when it had a commit and pushed none", async () => {
    expect(await missing(branch, { branch: null })).toBe(
      "No branch: The run did not say why its work was not pushed.",
    );
  });

  it("is that no push was seen, whatever the runner says, and no name of its choice", async () => {
    const { result, said } = await save([], undefined, {}, pr);
    expect(result?.undelivered).toBe(
      `The run says that its work is in the branch ${BRANCH}, but no push to it was seen to go through: the work is handed back as files only.`,
    );
    expect(said).toMatchObject([{ data: { text: result?.undelivered } }]);
    const other = await save([], undefined, { branch: `sk-secret ${"x".repeat(100_000)}` }, pr);
    expect(other.result?.undelivered).toBe(
      "The run says that its work is in a branch that is not this task's, but no push to it was seen to go through: the work is handed back as files only.",
    );
  });

  it("is why the host has no pull request of it, as far as that is known", async () => {
    const why = "No pull request: the host refuses.";
    expect(await missing(pr, {}, async () => ({ pullRequest: null, why }))).toBe(why);
    expect(await missing(pr, {}, () => Promise.reject(new Error("a bug")))).toBe(
      `No pull request: The server could not make it, and its own log says why. What was pushed is in the branch ${BRANCH}.`,
    );
    const cancelled = { state: "cancelled", reason: "cancelled_by_user" } as const;
    expect(await missing(onto, cancelled, async () => ({ pullRequest: null }))).toBe(
      `Pull request #12 does not have the work: The task was cancelled. What was pushed is in the branch ${BRANCH}.`,
    );
  });
});
