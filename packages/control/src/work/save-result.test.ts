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
const pushed = (data: Partial<EventOf<"git">["data"]> = {}, epoch = 1): Omit<TaskEvent, "seq"> => ({
  at: "2026-01-01T00:00:00.000Z",
  epoch,
  type: "git",
  data: {
    host: "h",
    repository: "r",
    action: "push",
    refs: [`refs/heads/${BRANCH}`],
    verdict: "allowed",
    bytesIn: 0,
    bytesOut: 0,
    ...data,
  },
});

async function save(log: Omit<TaskEvent, "seq">[], deliver?: SaveResultDeps["deliver"]) {
  const saved: TaskResult[] = [];
  const warned: unknown[] = [];
  const events = log.map((event, i) => ({ ...event, seq: i + 1 }) as TaskEvent);
  const deps: SaveResultDeps = {
    tasks: { setResult: (_id, _epoch, result) => Promise.resolve(void saved.push(result)) },
    events: {
      read: (_id, after, limit) =>
        Promise.resolve({ events: events.slice(after, after + limit), lastSeq: events.length, firstSeq: 1 }),
    },
    providers: new Map(),
    logger: { warn: (facts: unknown) => void warned.push(facts) } as unknown as Logger,
    ...(deliver === undefined ? {} : { deliver }),
  };
  const attempt = { epoch: 1, state: "finalizing" as const, startedAt: 0, outcome };
  await saveResult(deps, sampleTask({ snapshot: { ...RUNNING, state: "finishing", attempt } }));
  return { result: saved[0], warned };
}

describe("the result of a task", () => {
  it("is what the runner said, with the branch whose push the broker saw", async () => {
    const { state: _state, reason: _reason, ...said } = outcome;
    expect((await save([pushed()])).result).toEqual({ ...said, workspace: null, pullRequest: null });
    const many = Array.from({ length: 1_200 }, () => pushed({ action: "fetch" }));
    expect((await save([...many, pushed()])).result?.branch).toBe(BRANCH);
  });

  it.each<[string, Omit<TaskEvent, "seq">[]]>([
    ["was pushed", []],
    ["got through", [pushed({ verdict: "denied" }), pushed({ verdict: "failed" })]],
    ["had that name", [pushed({ refs: ["refs/heads/agency/t/other"] }), pushed({ refs: [] })]],
    ["was more than read", [pushed({ action: "fetch" })]],
    ["was of this attempt", [pushed({}, 0)]],
  ])("has no branch when nothing %s", async (_what, log) => {
    expect((await save(log)).result?.branch).toBeNull();
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
