import { randomUUID } from "node:crypto";
import { DEFAULT_LIMITS } from "@agency/contract";
import type { Outcome } from "@agency/contract";
import type { AuditRow, NewTask } from "@agency/core";
import { PLAIN_SPEC } from "@agency/testing";
import { DEFAULT_ACCOUNT_ID } from "../../accounts.ts";

export function newTask(more: Partial<NewTask> = {}): NewTask {
  return {
    id: randomUUID(),
    accountId: DEFAULT_ACCOUNT_ID,
    name: "a task",
    prompt: "do it",
    engine: "claude",
    model: null,
    provider: "local",
    spec: { ...PLAIN_SPEC, limits: { ...DEFAULT_LIMITS, costUsd: 5 } },
    labels: {},
    priority: 0,
    notBefore: null,
    parentId: null,
    hidden: false,
    secrets: [],
    audit: null,
    ...more,
  };
}

/** The audit entry of a deletion. */
export function deletedBy(): AuditRow {
  const row = { actor: "key 1", action: "task.delete", target: "task", detail: {}, at: 0 };
  return { id: randomUUID(), accountId: DEFAULT_ACCOUNT_ID, ...row };
}

/** What a run that completed hands in. */
export const OUTCOME: Outcome = {
  state: "completed",
  reason: null,
  summary: "ok",
  files: 1,
  added: 2,
  removed: 0,
  commit: null,
  commits: [],
  branch: null,
  checks: [],
};
