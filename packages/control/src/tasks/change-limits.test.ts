import { describe, expect, it } from "vitest";
import { changeLimitsSchema, DEFAULT_LIMITS, MAX_WALL_MS } from "@agency/contract";
import { MemoryTask } from "../testing/memory-task.ts";
import { RUNNING, sampleTask } from "../testing/sample-task.ts";
import { changedLimits, changeLimits } from "./change-limits.ts";
import type { PauseDeps } from "./pause-task.ts";

const HOUR = 3_600_000;
const change = (input: object, before = DEFAULT_LIMITS) =>
  changedLimits(before, changeLimitsSchema.parse(input));

describe("changed limits", () => {
  it("are set first and added to then", () => {
    expect(change({ set: { costUsd: 2 }, add: { costUsd: 0.1, wallMs: HOUR, turns: -1 } })).toEqual({
      ok: true,
      limits: { ...DEFAULT_LIMITS, costUsd: 2.1, wallMs: DEFAULT_LIMITS.wallMs + HOUR, turns: 499 },
    });
  });

  it("keep sums of money tidy", () => {
    expect(change({ set: { costUsd: 0.1 }, add: { costUsd: 0.2 } })).toMatchObject({
      limits: { costUsd: 0.3 },
    });
  });

  it("may put the budget of a whole tree where there was none, but not add to none", () => {
    expect(change({ set: { treeCostUsd: 5 } })).toMatchObject({ limits: { treeCostUsd: 5 } });
    expect(change({ add: { treeCostUsd: 5 } })).toEqual({
      ok: false,
      problem: "There is no treeCostUsd to add to: set it first.",
    });
  });

  it("never leave their range, and say so in words", () => {
    expect(change({ set: { wallMs: MAX_WALL_MS } })).toMatchObject({ ok: true });
    expect(change({ set: { wallMs: MAX_WALL_MS }, add: { wallMs: HOUR } })).toEqual({
      ok: false,
      problem:
        "The time limit would be 24.5 hours, and 23.5 hours is the most a run can have: split longer work into tasks.",
    });
    expect(change({ add: { costUsd: -10 } })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("limits.costUsd would be 0") as string,
    });
    expect(change({ add: { wallMs: -DEFAULT_LIMITS.wallMs } })).toMatchObject({ ok: false });
    expect(change({ add: { turns: 1e15 } })).toMatchObject({ ok: false });
  });
});

describe("changing the limits of a task", () => {
  const run = (tasks: MemoryTask, accountId: string, input: object) =>
    changeLimits(
      { tasks, now: () => 0 } as unknown as PauseDeps,
      accountId,
      "t",
      changeLimitsSchema.parse(input),
      "me",
    );

  it("answers with the task as it is then", async () => {
    const tasks = new MemoryTask(sampleTask());
    expect(await run(tasks, "a", { add: { turns: 1 } })).toMatchObject({ limits: { turns: 501 } });
  });

  it("says what stands against it", async () => {
    const tasks = new MemoryTask(sampleTask());
    await expect(run(tasks, "b", { add: { turns: 1 } })).rejects.toMatchObject({ code: "not_found" });
    await expect(run(tasks, "a", { set: { turns: 5 }, add: { turns: -5 } })).rejects.toMatchObject({
      code: "invalid_request",
    });
    const finishing = new MemoryTask(sampleTask({ snapshot: { ...RUNNING, state: "finishing" } }));
    await expect(run(finishing, "a", { add: { turns: 1 } })).rejects.toMatchObject({ code: "task_finished" });
  });
});
