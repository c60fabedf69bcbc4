import { describe, expect, it } from "vitest";
import type { EventOf, Outcome, TaskEvent, TaskResult } from "@agency/contract";
import type { Logger } from "@agency/core";
import { RUNNING, sampleTask } from "../testing/sample-task.ts";
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
  await saveResult(deps, sampleTask({ snapshot: { ...RUNNING, state: "finishing", attempt } }));
  return { result: saved[0], warned, said };
}

describe("the result of a task", () => {
  it("is what the runner said, with the branch whose push the broker saw", async () => {
    const { state: _state, reason: _reason, ...said } = outcome;
    expect((await save([pushed()])).result).toEqual({
      ...said,
      workspace: null,
      pullRequest: null,
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
