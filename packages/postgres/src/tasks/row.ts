import type { Ask, AttemptState, Outcome, Reason, Task, TaskResult, TaskState } from "@agency/contract";
import { isTerminal } from "@agency/core";
import type {
  SandboxRecord,
  SandboxRef,
  SandboxState,
  SupervisedTask,
  TaskSnapshot,
  TaskSpec,
  WaitSnapshot,
} from "@agency/core";

/** Those of before it was kept do not have `undelivered`. */
type StoredResult = Omit<TaskResult, "undelivered"> & { undelivered?: string | null };

/** A task with its newest attempt, as every query below selects it. */
export interface TaskRow {
  id: string;
  account_id: string;
  hidden: boolean;
  state: TaskState;
  reason: Reason | null;
  message: string | null;
  desired: "run" | "cancel";
  cancel_deadline_at: Date | null;
  epoch: number;
  attempts_left: number;
  name: string;
  prompt: string;
  engine: string;
  model: string | null;
  provider: string;
  spec: TaskSpec;
  labels: Record<string, string>;
  priority: number;
  not_before: Date | null;
  parent_id: string | null;
  waits: WaitSnapshot[];
  waiting_since: Date | null;
  waited_ms: number;
  /** Open ones; null when there is none. */
  asks: Ask[] | null;
  cost_usd: string;
  compute_usd: string;
  usage: Partial<Task["usage"]>;
  activity: string | null;
  result: StoredResult | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  last_seq: number;
  runner_seq: number;
  output_bytes: number;
  last_event_at: Date | null;
  expired: NonNullable<Task["expired"]>;
  attempt_id: string | null;
  attempt_epoch: number | null;
  attempt_state: AttemptState | null;
  attempt_created_at: Date | null;
  attempt_started_at: Date | null;
  attempt_seen_at: Date | null;
  attempt_outcome: Outcome | null;
  sandbox_id: string | null;
  sandbox_provider: string | null;
  sandbox_state: SandboxState | null;
  sandbox_generation: number | null;
  sandbox_ref: SandboxRef | null;
  sandbox_kept_until: Date | null;
  sandbox_discard: boolean | null;
}

/** Its task is over, and it stays for people to look around. */
export function isKept(row: TaskRow): boolean {
  const standing = row.sandbox_state !== "deleted" && row.sandbox_state !== "discarded";
  return isTerminal(row.state) && row.sandbox_kept_until !== null && standing;
}

/** Looked up only for a task that waits; one that was stopped leaves its asks unanswered. */
const OPEN_ASKS = `
  case when t.state = 'waiting' then (
    select jsonb_agg(k.body || jsonb_build_object('askedAt', k.asked_at) order by k.asked_at, k.id)
    from asks k where k.task_id = t.id and k.answered_at is null
  ) end`;

export const TASK_COLUMNS = `
  t.id, t.account_id, t.hidden, t.state, t.reason, t.message, t.desired, t.cancel_deadline_at, t.epoch,
  t.attempts_left, t.name, t.prompt, t.engine, t.model, t.provider, t.spec, t.labels, t.priority, t.not_before,
  t.parent_id, t.waits, t.waiting_since, t.waited_ms, ${OPEN_ASKS} as asks, t.cost_usd::text, t.compute_usd::text, t.usage, t.activity, t.result, t.created_at, t.started_at, t.finished_at,
  h.last_seq, h.runner_seq, h.bytes as output_bytes, coalesce(e.at, h.last_at) as last_event_at, t.expired,
  a.id as attempt_id, a.epoch as attempt_epoch, a.state as attempt_state, a.created_at as attempt_created_at,
  a.started_at as attempt_started_at, a.last_seen_at as attempt_seen_at, a.outcome as attempt_outcome,
  s.id as sandbox_id, s.provider as sandbox_provider, s.state as sandbox_state,
  s.generation as sandbox_generation, s.ref as sandbox_ref, s.kept_until as sandbox_kept_until,
  s.discard as sandbox_discard`;

export const TASK_JOINS = `
  join task_heads h on h.task_id = t.id
  left join events e on e.task_id = t.id and e.seq = h.last_seq
  left join lateral (
    select * from attempts where task_id = t.id order by epoch desc limit 1
  ) a on true
  left join sandboxes s on s.attempt_id = a.id`;

export function toSnapshot(row: TaskRow): TaskSnapshot {
  const attempt =
    row.attempt_state === null || row.attempt_epoch === null
      ? null
      : {
          epoch: row.attempt_epoch,
          state: row.attempt_state,
          startedAt: row.attempt_started_at?.getTime() ?? null,
          outcome: row.attempt_outcome,
        };
  return {
    state: row.state,
    reason: row.reason,
    desired: row.desired,
    cancelDeadlineAt: row.cancel_deadline_at?.getTime() ?? null,
    epoch: row.epoch,
    startsLeft: row.attempts_left,
    attempt,
    waits: row.waits,
    waitingSince: row.waiting_since?.getTime() ?? null,
    waitedMs: row.waited_ms,
  };
}

export function toSupervisedTask(row: TaskRow): SupervisedTask {
  const { id, hidden, name, prompt, engine, model, provider, spec, activity } = row;
  return {
    id,
    accountId: row.account_id,
    hidden,
    name,
    snapshot: toSnapshot(row),
    prompt,
    engine,
    model,
    provider,
    spec,
    createdAt: row.created_at.getTime(),
    attempt: toAttempt(row),
    activity,
    lastEventAt: row.last_event_at?.getTime() ?? null,
    costUsd: Number(row.cost_usd),
    computeUsd: Number(row.compute_usd),
    calls: row.usage.calls ?? 0,
    outputBytes: row.output_bytes,
  };
}

function toAttempt(row: TaskRow): SupervisedTask["attempt"] {
  if (row.attempt_id === null || row.attempt_epoch === null || row.attempt_created_at === null) return null;
  const sandbox = toSandbox(row);
  if (sandbox === null) return null;
  return {
    id: row.attempt_id,
    epoch: row.attempt_epoch,
    runnerSeq: row.runner_seq,
    createdAt: row.attempt_created_at.getTime(),
    lastContactAt: row.attempt_seen_at?.getTime() ?? null,
    sandbox,
  };
}

function toSandbox(row: TaskRow): SandboxRecord | null {
  if (row.sandbox_id === null || row.sandbox_state === null) return null;
  return {
    id: row.sandbox_id,
    taskId: row.id,
    provider: row.sandbox_provider ?? row.provider,
    generation: row.sandbox_generation ?? 1,
    state: row.sandbox_state,
    ref: row.sandbox_ref,
    keptUntil: row.sandbox_kept_until?.getTime() ?? null,
    discard: row.sandbox_discard ?? false,
  };
}
