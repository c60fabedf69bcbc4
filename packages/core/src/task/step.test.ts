import { describe, expect, it } from "vitest";
import type { Outcome } from "@agency/contract";
import { MAX_STARTS, STOPPED_STORING_MS, stepTask } from "./step.ts";
import type { Effect, TaskCommand, TaskSnapshot } from "./snapshot.ts";

const completed: Outcome = {
  state: "completed",
  reason: null,
  summary: "done",
  files: 1,
  added: 2,
  removed: 0,
  commit: null,
  commits: [],
  branch: null,
  checks: [],
};
const fresh: TaskSnapshot = {
  state: "queued",
  reason: null,
  desired: "run",
  cancelDeadlineAt: null,
  epoch: 0,
  startsLeft: MAX_STARTS,
  attempt: null,
  waits: [],
  waitingSince: null,
  waitedMs: 0,
};

function play(
  start: TaskSnapshot,
  ...commands: TaskCommand[]
): { task: TaskSnapshot; states: string[]; effects: Effect[] } {
  let task = start;
  const states: string[] = [];
  const effects: Effect[] = [];
  for (const command of commands) {
    const result = stepTask(task, command, 1000);
    if (!result.ok) throw new Error(`${command.kind} refused in ${task.state}: ${result.error.code}`);
    task = result.step.next;
    for (const event of result.step.events) if (event.type === "status") states.push(event.data.state);
    effects.push(...result.step.effects);
  }
  return { task, states, effects };
}

const started: TaskCommand[] = [
  { kind: "claim" },
  { kind: "provisioned", epoch: 1 },
  { kind: "hello", epoch: 1 },
];

describe("the life of a task", () => {
  it("goes from queued to completed through every state once", () => {
    const { task, states } = play(
      fresh,
      ...started,
      { kind: "finalize", epoch: 1, outcome: completed },
      { kind: "settle", epoch: 1 },
    );
    expect(states).toEqual(["starting", "running", "finishing", "completed"]);
    expect(task.attempt?.state).toBe("succeeded");
  });

  it("leaves `scheduled` only when it is due", () => {
    const { effects, task } = play({ ...fresh, state: "scheduled" }, { kind: "due" });
    expect(task.state).toBe("queued");
    expect(effects).toEqual([{ kind: "enqueue", delayMs: 0 }]);
  });

  it("is cancelled at once while it is queued, and leaves the queue", () => {
    const { task, effects } = play(fresh, { kind: "cancel", graceMs: 5 });
    expect(task).toMatchObject({ state: "cancelled", reason: "cancelled_by_user", desired: "cancel" });
    expect(effects).toEqual([{ kind: "dequeue" }]);
  });

  it("asks the runner first when it is cancelled while running, once", () => {
    const { task, effects } = play(
      fresh,
      ...started,
      { kind: "cancel", graceMs: 5 },
      { kind: "cancel", graceMs: 50 },
    );
    expect(task).toMatchObject({ state: "running", desired: "cancel", cancelDeadlineAt: 1005 });
    expect(effects.filter((e) => e.kind === "tell_runner")).toHaveLength(1);
  });

  it("becomes cancelled, not failed, when a cancelled runner has to be cut off", () => {
    const { task } = play(
      fresh,
      ...started,
      { kind: "cancel", graceMs: 5 },
      { kind: "end", epoch: 1, cause: "sandbox_lost" },
    );
    expect(task).toMatchObject({ state: "cancelled", reason: "cancelled_by_user", epoch: 2 });
  });

  it("becomes cancelled whatever the runner says afterwards, and keeps what it handed in", () => {
    const { task, states } = play(
      fresh,
      ...started,
      { kind: "cancel", graceMs: 5 },
      { kind: "finalize", epoch: 1, outcome: { ...completed, commit: "c" } },
      { kind: "settle", epoch: 1 },
    );
    expect(states).toEqual(["starting", "running", "finishing", "cancelled"]);
    expect(task).toMatchObject({ state: "cancelled", reason: "cancelled_by_user" });
    expect(task.attempt).toMatchObject({ state: "cancelled", outcome: { state: "cancelled", commit: "c" } });
  });

  it("becomes cancelled when it is stopped while its files are stored, and stays so until they are", () => {
    const storing: TaskCommand = { kind: "storing", epoch: 1, forMs: 100, message: "storing" };
    const { task, states, effects } = play(fresh, ...started, storing, { kind: "cancel", graceMs: 5 });
    expect(task).toMatchObject({ state: "finishing", desired: "cancel", cancelDeadlineAt: 1100 });
    expect(effects).toContainEqual({ kind: "tell_runner", command: { kind: "cancel" } });
    const end = play(task, { kind: "finalize", epoch: 1, outcome: completed }, { kind: "settle", epoch: 1 });
    expect([...states, ...end.states]).toEqual(["starting", "running", "finishing", "cancelled"]);
  });

  it("is over at once when what is not stored yet is thrown away", () => {
    const storing: TaskCommand = { kind: "storing", epoch: 1, forMs: 100, message: "storing" };
    const cancel: TaskCommand = { kind: "cancel", graceMs: 5, discard: true };
    expect(play(fresh, ...started, storing, cancel).task).toMatchObject({ cancelDeadlineAt: 1000 });
    expect(play(fresh, ...started, cancel).task).toMatchObject({ cancelDeadlineAt: 1000 });
    const second = play(fresh, ...started, { kind: "cancel", graceMs: 5 }, cancel);
    expect(second.task).toMatchObject({ desired: "cancel", cancelDeadlineAt: 1000 });
  });

  it("has its files thrown away by the very step that accepts it, in whatever state it is", () => {
    const storing: TaskCommand = { kind: "storing", epoch: 1, forMs: 100, message: "storing" };
    const cancel: TaskCommand = { kind: "cancel", graceMs: 5, discard: true };
    const stop: TaskCommand = { kind: "cancel", graceMs: 5 };
    for (const before of [[], started, [...started, stop], [...started, storing]]) {
      const { effects } = play(fresh, ...before, cancel);
      expect(effects.filter(({ kind }) => kind === "discard_sandbox")).toHaveLength(1);
      expect(play(fresh, ...before, stop).effects).not.toContainEqual({ kind: "discard_sandbox" });
    }
  });

  it("does not outlive a stop by saying that it stores, before or after it", () => {
    const storing: TaskCommand = { kind: "storing", epoch: 1, forMs: 24 * 3_600_000, message: "storing" };
    const cancel: TaskCommand = { kind: "cancel", graceMs: 5 };
    const bound = { desired: "cancel", cancelDeadlineAt: 1000 + STOPPED_STORING_MS };
    expect(play(fresh, ...started, storing, cancel).task).toMatchObject(bound);
    expect(play(fresh, ...started, cancel, storing).task).toMatchObject(bound);
    expect(play(fresh, ...started, storing).task).toMatchObject({ cancelDeadlineAt: 1000 + 24 * 3_600_000 });
  });

  it("keeps the outcome that was handed in although the sandbox then vanished", () => {
    const { task } = play(fresh, ...started, { kind: "finalize", epoch: 1, outcome: completed });
    const lost = stepTask(task, { kind: "end", epoch: 1, cause: "sandbox_lost" }, 0);
    expect(lost).toMatchObject({ ok: false, error: { code: "not_now" } });
    expect(play(task, { kind: "settle", epoch: 1 }).task).toMatchObject({ state: "completed", reason: null });
  });

  it("starts again, later each time, when the sandbox never reported, and gives up after the last start", () => {
    const lost = (epoch: number): TaskCommand => ({ kind: "end", epoch, cause: "start_deadline" });
    const { task, states, effects } = play(
      fresh,
      { kind: "claim" },
      lost(1),
      { kind: "claim" },
      lost(3),
      { kind: "claim" },
      lost(5),
    );
    expect(states).toEqual(["starting", "queued", "starting", "queued", "starting", "failed"]);
    expect(effects.filter((e) => e.kind === "enqueue")).toEqual([
      { kind: "enqueue", delayMs: 2000 },
      { kind: "enqueue", delayMs: 4000 },
    ]);
    expect(task.reason).toBe("start_deadline");
  });

  it("never starts again once the engine may have begun", () => {
    const { task } = play(fresh, ...started, { kind: "end", epoch: 1, cause: "sandbox_lost" });
    expect(task).toMatchObject({ state: "failed", reason: "sandbox_lost" });
  });

  it("refuses a stale epoch and names the current one", () => {
    const { task } = play(
      fresh,
      { kind: "claim" },
      { kind: "end", epoch: 1, cause: "start_deadline" },
      { kind: "claim" },
    );
    expect(stepTask(task, { kind: "hello", epoch: 1 }, 0)).toEqual({
      ok: false,
      error: { code: "fenced", epoch: 3 },
    });
  });

  it.each<[string, TaskSnapshot, TaskCommand]>([
    ["due of a queued task", fresh, { kind: "due" }],
    ["a second claim", { ...fresh, state: "starting" }, { kind: "claim" }],
    ["a second hello", play(fresh, ...started).task, { kind: "hello", epoch: 1 }],
    ["settle without an outcome", play(fresh, ...started).task, { kind: "settle", epoch: 1 }],
    [
      "finalize before hello",
      play(fresh, { kind: "claim" }).task,
      { kind: "finalize", epoch: 1, outcome: completed },
    ],
    ["end without an attempt", fresh, { kind: "end", epoch: 0, cause: "timeout" }],
    ["provisioned twice", play(fresh, ...started).task, { kind: "provisioned", epoch: 1 }],
    ["proceed of a queued task", fresh, { kind: "proceed", id: "budget" }],
    ["pause of a queued task", fresh, { kind: "pause" }],
  ])("refuses %s", (_, task, command) => {
    expect(stepTask(task, command, 0)).toMatchObject({ ok: false, error: { code: "not_now" } });
  });
});
