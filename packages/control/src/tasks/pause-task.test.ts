import { describe, expect, it } from "vitest";
import type { SupervisedTask, TaskCommand, TaskSnapshot } from "@agency/core";
import { stepTask } from "@agency/core";
import { MemoryTask } from "../testing/memory-task.ts";
import { RUNNING, sampleTask, SPEC } from "../testing/sample-task.ts";
import { pauseTask, resumeTask } from "./pause-task.ts";
import type { PauseDeps } from "./pause-task.ts";

const pause: TaskCommand = { kind: "pause" };
const broke: TaskCommand = { kind: "wait", epoch: 1, reason: "budget", until: null, message: "no money" };
const limited: TaskCommand = { kind: "wait", epoch: 1, reason: "usage_limit", until: 99, message: "later" };
const ask: TaskCommand = {
  kind: "ask",
  epoch: 1,
  ask: { id: "q", kind: "approval", tool: "Bash", title: "ls", input: null },
};

function after(...commands: TaskCommand[]): TaskSnapshot {
  return commands.reduce((task, command) => {
    const result = stepTask(task, command, 0);
    if (!result.ok) throw new Error(result.error.code);
    return result.step.next;
  }, RUNNING);
}

function setUp(snapshot: TaskSnapshot, more: Partial<SupervisedTask> = {}) {
  const tasks = new MemoryTask(sampleTask({ snapshot, ...more }));
  const deps = { tasks, now: () => 1 } as unknown as PauseDeps;
  return {
    tasks,
    pause: () => pauseTask(deps, "a", "t"),
    resume: () => resumeTask(deps, "a", "t"),
    deps,
  };
}

const spent = { costUsd: SPEC.limits.costUsd };

describe("pausing", () => {
  it("makes a run wait for its user, once", async () => {
    const { pause: again, tasks } = setUp(RUNNING);
    expect(await again()).toMatchObject({ state: "waiting", reason: "paused_by_user" });
    expect((await again()).waits).toHaveLength(1);
    expect(tasks.commands).toHaveLength(2);
  });

  it.each<[string, TaskSnapshot, string]>([
    ["has not begun", { ...RUNNING, state: "queued", attempt: null }, "conflict"],
    ["is finishing", { ...RUNNING, state: "finishing" }, "conflict"],
    ["is being stopped", { ...RUNNING, desired: "cancel" }, "conflict"],
    ["has ended", { ...RUNNING, state: "failed" }, "task_finished"],
  ])("is refused for a task that %s", async (_, snapshot, code) => {
    await expect(setUp(snapshot).pause()).rejects.toMatchObject({ code });
  });

  it("does not know a task of somebody else", async () => {
    const { deps, tasks } = setUp(RUNNING);
    await expect(pauseTask(deps, "b", "t")).rejects.toMatchObject({ code: "not_found" });
    await expect(resumeTask(deps, "b", "t")).rejects.toMatchObject({ code: "not_found" });
    expect(tasks.commands).toEqual([]);
  });
});

describe("resuming", () => {
  it("ends the user's pause", async () => {
    expect(await setUp(after(pause)).resume()).toMatchObject({ state: "running", waits: [] });
  });

  it("tries a vendor again before its reset", async () => {
    expect(await setUp(after(limited)).resume()).toMatchObject({ state: "running" });
    expect(await setUp(after(limited, pause)).resume()).toMatchObject({ state: "running" });
  });

  it("is no error for a run that goes on already", async () => {
    expect(await setUp(RUNNING).resume()).toMatchObject({ state: "running" });
  });

  it("does not end a wait for money that is not there, and says what does", async () => {
    await expect(setUp(after(broke), spent).resume()).rejects.toMatchObject({
      code: "conflict",
      next: "Add to it with `agency budget t +5`; it then goes on by itself.",
    });
  });

  it("ends one whose money is there", async () => {
    expect(await setUp(after(broke)).resume()).toMatchObject({ state: "running" });
  });

  it("ends the pause of a task that then still waits for money", async () => {
    expect(await setUp(after(pause, broke), spent).resume()).toMatchObject({ reason: "budget" });
  });

  it("is no answer", async () => {
    await expect(setUp(after(ask)).resume()).rejects.toMatchObject({
      code: "conflict",
      next: "Give it with `agency answer t`.",
    });
  });

  it("is refused for a task that has ended, with the way to go on from it", async () => {
    await expect(setUp({ ...RUNNING, state: "completed" }).resume()).rejects.toMatchObject({
      code: "task_finished",
      next: 'Go on from what it kept with `agency resume t "next instruction"`.',
    });
  });
});
