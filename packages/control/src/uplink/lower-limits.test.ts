import { DEFAULT_LIMITS } from "@agency/contract";
import type { TaskEvent } from "@agency/contract";
import type { AttemptAccess } from "@agency/core";
import { describe, expect, it } from "vitest";
import { MemoryTask } from "../testing/memory-task.ts";
import { sampleTask } from "../testing/sample-task.ts";
import { lowerLimits, lowestOf } from "./lower-limits.ts";

const ACCESS = { taskId: "t", accountId: "a", epoch: 1 } as AttemptAccess;

function room(changes: TaskEvent[] = []) {
  const tasks = new MemoryTask(sampleTask());
  const events = { read: async () => ({ events: changes, firstSeq: 1, lastSeq: 1 }) };
  return { tasks, events, now: () => 0 };
}

describe("the limits a repository asks for", () => {
  it("are taken where they are lower, and nowhere else", async () => {
    const deps = room();
    const asked = { wallMs: 60_000, costUsd: 1000, turns: DEFAULT_LIMITS.turns };
    expect(await lowerLimits(deps, ACCESS, asked)).toEqual({ ...DEFAULT_LIMITS, wallMs: 60_000 });
    expect(deps.tasks.task.spec.limits.costUsd).toBe(DEFAULT_LIMITS.costUsd);
  });

  it("change nothing when none is lower", async () => {
    expect(lowestOf(DEFAULT_LIMITS, { costUsd: 1000 })).toBeNull();
    expect(await lowerLimits(room(), ACCESS, { costUsd: 1000 })).toEqual(DEFAULT_LIMITS);
  });

  it("do not go over what was said since: a later attempt asks for nothing new", async () => {
    const deps = room([{ type: "limits" } as TaskEvent]);
    expect(await lowerLimits(deps, ACCESS, { costUsd: 1 })).toEqual(DEFAULT_LIMITS);
  });

  it("are of no use to an attempt whose task is gone", async () => {
    const gone = { ...ACCESS, taskId: "other" };
    await expect(lowerLimits(room(), gone, { costUsd: 1 })).rejects.toMatchObject({ code: "fenced" });
  });
});
