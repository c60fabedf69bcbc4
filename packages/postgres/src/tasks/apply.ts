import { randomUUID } from "node:crypto";
import type { RunnerCommandBody } from "@agency/contract";
import { isLiveAttempt, isTerminal, stepTask } from "@agency/core";
import type { ApplyOutcome, Effect, Queue, Step, TaskCommand } from "@agency/core";
import type { Database, Sql } from "../database.ts";
import { appendOrFail } from "../events/append.ts";
import { keepAsk, wasAsked } from "./asks.ts";
import { lockTask, selectTask } from "./select.ts";
import { toSnapshot, toSupervisedTask } from "./row.ts";
import type { TaskRow } from "./row.ts";

/** Lock, decide in the pure core, write what it said: one transaction, the only way a task changes its state. */
export async function applyCommand(
  db: Database,
  queue: Queue,
  id: string,
  command: TaskCommand,
  now: number,
): Promise<ApplyOutcome> {
  return db.tx(async (tx) => {
    const row = await lockTask(tx, id);
    if (row === null) return { ok: false, error: { code: "missing" } };
    if (await wasAsked(tx, row, command)) return unchanged(row);
    const result = stepTask(toSnapshot(row), command, now);
    if (!result.ok) return result;
    await Promise.all([writeStep(tx, queue, row, result.step, now), keepAsk(tx, row, command, now)]);
    const written = await selectTask(tx, id);
    if (written === null) throw new Error(`task ${id} vanished inside its own transaction`);
    return { ok: true, step: result.step, task: toSupervisedTask(written) };
  });
}

function unchanged(row: TaskRow): ApplyOutcome {
  const task = toSupervisedTask(row);
  return { ok: true, step: { next: task.snapshot, events: [], effects: [] }, task };
}

/** Nothing here waits for an answer to know what to write next: given together, in order, it is one trip. */
export async function writeStep(tx: Sql, queue: Queue, row: TaskRow, step: Step, now: number): Promise<void> {
  await Promise.all([
    writeTask(tx, row, step, now),
    step.next.epoch === row.epoch ? null : moveEpoch(tx, row.id, step.next.epoch),
    writeAttempt(tx, row, step, now),
    ...step.effects.map((effect) => carryOut(tx, queue, row, effect, now)),
    step.events.length === 0 ? null : writeEvents(tx, row.id, step, now),
  ]);
}

async function writeEvents(tx: Sql, taskId: string, { next, events }: Step, now: number): Promise<void> {
  const at = new Date(now).toISOString();
  const batch = events.map(({ type, data }) => ({ type, data, at }));
  await Promise.all([
    appendOrFail(tx, { taskId, epoch: next.epoch, from: null, events: batch }),
    wake(tx, taskId),
  ]);
}

async function writeTask(tx: Sql, row: TaskRow, { next, events }: Step, now: number): Promise<void> {
  const said = events.findLast((event) => event.type === "status");
  await tx.query(
    `update tasks set state = $2, reason = $3, desired = $4, cancel_deadline_at = $5, epoch = $6, attempts_left = $7,
       message = case when $8 then $9 else message end,
       started_at = coalesce(started_at, $10), finished_at = $11,
       activity = case when $12 then null else activity end,
       waits = $14, waiting_since = $15, waited_ms = $16
     where id = $1 and epoch = $13`,
    [
      row.id,
      next.state,
      next.reason,
      next.desired,
      toDate(next.cancelDeadlineAt),
      next.epoch,
      next.startsLeft,
      said !== undefined,
      said?.data.message ?? null,
      toDate(next.attempt?.startedAt ?? null),
      isTerminal(next.state) ? new Date(now) : null,
      isTerminal(next.state) || next.state === "queued",
      row.epoch,
      JSON.stringify(next.waits),
      toDate(next.waitingSince),
      Math.round(next.waitedMs),
    ],
  );
}

/** A new epoch fences the old one: its runner numbers start over, what it still sends is refused. */
async function moveEpoch(tx: Sql, taskId: string, epoch: number): Promise<void> {
  await tx.query("update task_heads set epoch = $2, runner_seq = 0 where task_id = $1", [taskId, epoch]);
}

async function writeAttempt(tx: Sql, row: TaskRow, { next, effects }: Step, now: number): Promise<void> {
  const { attempt } = next;
  const opened = effects.some((effect) => effect.kind === "open_attempt");
  if (attempt === null || opened) return;
  await tx.query(
    `update attempts set state = $3, started_at = $4, outcome = $5, finished_at = coalesce(finished_at, $6),
       last_seen_at = coalesce(last_seen_at, $4)
     where task_id = $1 and epoch = $2`,
    [
      row.id,
      attempt.epoch,
      attempt.state,
      toDate(attempt.startedAt),
      attempt.outcome === null ? null : JSON.stringify(attempt.outcome),
      isLiveAttempt(attempt.state) ? null : new Date(now),
    ],
  );
}

async function carryOut(tx: Sql, queue: Queue, row: TaskRow, effect: Effect, now: number): Promise<void> {
  switch (effect.kind) {
    case "enqueue": {
      const job = { taskId: row.id, accountId: row.account_id, priority: row.priority };
      await queue.enqueue(
        effect.delayMs === 0 ? job : { ...job, startAfter: new Date(now + effect.delayMs) },
        tx,
      );
      return;
    }
    case "dequeue":
      return queue.removeQueued(row.id, tx);
    case "open_attempt":
      return openAttempt(tx, row, effect.epoch, now);
    case "tell_runner":
      await tellRunner(tx, row, effect.command);
      return wake(tx, row.id);
    case "wake_supervisor":
      return wake(tx, row.id);
    case "discard_sandbox":
      return discardNewest(tx, row.id);
  }
}

/** When the sandbox of its newest attempt goes, its files go with it. */
async function discardNewest(sql: Sql, taskId: string): Promise<void> {
  await sql.query(
    `update sandboxes set discard = true
     where attempt_id = (select id from attempts where task_id = $1 order by epoch desc limit 1)`,
    [taskId],
  );
}

/** The sandbox row is written before anybody asks a provider for one: a crash leaves nothing we cannot find. */
async function openAttempt(tx: Sql, row: TaskRow, epoch: number, now: number): Promise<void> {
  const attemptId = randomUUID();
  const attempt = tx.query(
    `insert into attempts (id, task_id, account_id, epoch, state, provider, created_at)
     values ($1, $2, $3, $4, 'claimed', $5, $6)`,
    [attemptId, row.id, row.account_id, epoch, row.provider, new Date(now)],
  );
  const sandbox = tx.query(
    `insert into sandboxes (id, attempt_id, task_id, account_id, provider, generation, state, created_at)
     values ($1, $2, $3, $4, $5, 1, 'intent', $6)`,
    [randomUUID(), attemptId, row.id, row.account_id, row.provider, new Date(now)],
  );
  await Promise.all([attempt, sandbox]);
}

function toDate(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}

export async function tellRunner(
  tx: Sql,
  row: Pick<TaskRow, "id" | "account_id">,
  { kind, ...body }: RunnerCommandBody,
): Promise<void> {
  await tx.query("insert into commands (id, task_id, account_id, kind, body) values ($1, $2, $3, $4, $5)", [
    randomUUID(),
    row.id,
    row.account_id,
    kind,
    JSON.stringify(body),
  ]);
}

export async function wake(tx: Sql, taskId: string): Promise<void> {
  await tx.query("select pg_notify('ctl', $1)", [taskId]);
}
