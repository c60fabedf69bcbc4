import type { SupervisedTask, TaskSnapshot, TaskSpec } from "@agency/core";
import { PLAIN_SPEC } from "@agency/testing";

/** A run under way in its first attempt. */
export const RUNNING: TaskSnapshot = {
  state: "running",
  reason: null,
  desired: "run",
  cancelDeadlineAt: null,
  epoch: 1,
  startsLeft: 2,
  attempt: { epoch: 1, state: "running", startedAt: 0, outcome: null },
  waits: [],
  waitingSince: null,
  waitedMs: 0,
};

export const SPEC: TaskSpec = { ...PLAIN_SPEC, command: "true" };

export function sampleTask(more: Partial<SupervisedTask> = {}): SupervisedTask {
  return {
    id: "t",
    accountId: "a",
    hidden: false,
    name: "A small task",
    snapshot: RUNNING,
    prompt: "x",
    engine: "command",
    model: null,
    provider: "local",
    spec: SPEC,
    createdAt: 0,
    attempt: {
      id: "01a1fc53-118c-7da2-b70b-964436bafa77",
      epoch: 1,
      runnerSeq: 0,
      createdAt: 0,
      lastContactAt: 0,
      sandbox: {
        id: "s",
        taskId: "t",
        provider: "local",
        generation: 1,
        state: "active",
        ref: { provider: "local", nativeId: "n" },
        keptUntil: null,
        discard: false,
      },
    },
    activity: null,
    lastEventAt: 0,
    costUsd: 0,
    computeUsd: 0,
    calls: 0,
    outputBytes: 0,
    ...more,
  };
}
