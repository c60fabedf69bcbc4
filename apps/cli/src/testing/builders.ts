import { DEFAULT_LIMITS } from "@agency/contract";
import type { EventOf, EventType, Task, TaskEvent, TaskResult } from "@agency/contract";

export const NOW = Date.parse("2026-03-01T12:00:00.000Z");

/** Ids as the server makes them: they begin with the time. */
export function taskId(number: number): string {
  return `019ca9b1-${number.toString(16).padStart(4, "0")}-7000-8000-00000000000a`;
}

export function aTask(given: Partial<Task> = {}): Task {
  return {
    id: taskId(1),
    name: "fix the flaky test",
    state: "running",
    reason: null,
    message: null,
    cancelRequested: false,
    prompt: "Fix the flaky test in src/retry.test.ts.",
    engine: "claude",
    model: null,
    provider: "local",
    repository: null,
    limits: DEFAULT_LIMITS,
    repositories: [],
    network: "internet",
    allowInternalNetwork: false,
    approve: "none",
    onBudget: "wait",
    onUsageLimit: "next",
    project: null,
    deliver: "files",
    checks: [],
    resumedFrom: null,
    keepMs: null,
    sandbox: null,
    waits: [],
    asks: [],
    waitedMs: 0,
    demo: false,
    labels: {},
    priority: 0,
    parentId: null,
    attempt: 1,
    lastSeq: 0,
    costUsd: 0,
    usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, calls: 0 },
    activity: null,
    lastEventAt: null,
    result: null,
    notBefore: null,
    createdAt: new Date(NOW - 74_000).toISOString(),
    startedAt: new Date(NOW - 72_000).toISOString(),
    finishedAt: null,
    ...given,
  };
}

export function aResult(given: Partial<TaskResult> = {}): TaskResult {
  return {
    summary: "Done.",
    workspace: null,
    files: null,
    added: null,
    removed: null,
    commit: null,
    commits: [],
    branch: null,
    pullRequest: null,
    undelivered: null,
    checks: [],
    ...given,
  };
}

/** Events one second apart, numbered from 1. */
export function eventLog() {
  let seq = 0;
  return <T extends EventType>(type: T, data: EventOf<T>["data"]): TaskEvent => {
    seq += 1;
    const event = { seq, at: new Date(NOW - 72_000 + seq * 1000).toISOString(), epoch: 1, type, data };
    return event as TaskEvent;
  };
}
