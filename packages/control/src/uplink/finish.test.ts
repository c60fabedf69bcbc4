import { describe, expect, it } from "vitest";
import type { Outcome } from "@agency/contract";
import type { AttemptAccess } from "@agency/core";
import { MemoryTask } from "../testing/memory-task.ts";
import { sampleTask, SPEC } from "../testing/sample-task.ts";
import { finish } from "./finish.ts";

const failed: Outcome = {
  state: "failed",
  reason: "engine_error",
  summary: "",
  files: 0,
  added: 0,
  removed: 0,
  commit: null,
  commits: [],
  branch: null,
  checks: [],
};

async function hand(outcome: Outcome, onBudget: "wait" | "stop", costUsd: number) {
  const tasks = new MemoryTask(sampleTask({ spec: { ...SPEC, onBudget } }));
  const access = { taskId: "t", epoch: 1, costUsd, budgetUsd: 10 } as AttemptAccess;
  const deps = { tasks, redactText: String, now: () => 0 } as unknown as Parameters<typeof finish>[0];
  expect(await finish(deps, access, { finalSeq: 0, outcome })).toEqual({ accepted: true, keepMs: null });
  return tasks.task.snapshot.attempt?.outcome?.reason;
}

describe("the outcome of a run", () => {
  it("is the budget's doing when the broker had refused it more", async () => {
    expect(await hand(failed, "stop", 10)).toBe("budget_exceeded");
  });

  it("is its own doing when there was money, or when it would have waited for more", async () => {
    expect(await hand(failed, "stop", 9.99)).toBe("engine_error");
    expect(await hand(failed, "wait", 10)).toBe("engine_error");
    expect(await hand({ ...failed, state: "completed", reason: null }, "stop", 11)).toBeNull();
  });
});
