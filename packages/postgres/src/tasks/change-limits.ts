import { randomUUID } from "node:crypto";
import type { EventBody, Limits } from "@agency/contract";
import { isLiveAttempt, isTerminal, stepTask } from "@agency/core";
import type { ChangeLimitsOutcome, Queue, TaskStore } from "@agency/core";
import { addAuditRow } from "../audit/log.ts";
import type { Database, Sql } from "../database.ts";
import { appendOrFail } from "../events/append.ts";
import { applyCommand, tellRunner, wake, writeStep } from "./apply.ts";
import { toSnapshot } from "./row.ts";
import type { TaskRow } from "./row.ts";
import { lockTask, selectTask } from "./select.ts";
import { toTask } from "./view.ts";

type Change = Parameters<TaskStore["changeLimits"]>[2];
type Where = { accountId: string; id: string; by: string; now: number };
type Changed = Exclude<ChangeLimitsOutcome, { kind: "changed" }> | { kind: "changed"; tree: boolean };

export async function changeTaskLimits(
  db: Database,
  queue: Queue,
  where: Where,
  change: Change,
): Promise<ChangeLimitsOutcome> {
  const changed = await db.tx((tx) => changeLocked(tx, queue, where, change));
  if (changed.kind !== "changed") return changed;
  if (changed.tree) await wakeTree(db, queue, where.id, where.now);
  const row = await selectTask(db, where.id);
  return row === null ? { kind: "not_found" } : { kind: "changed", task: toTask(row) };
}

async function changeLocked(
  tx: Sql,
  queue: Queue,
  { accountId, id, by, now }: Where,
  change: Change,
): Promise<Changed> {
  const row = await lockTask(tx, id);
  if (row === null || row.account_id !== accountId || row.hidden) return { kind: "not_found" };
  const before = row.spec.limits;
  const result = change(before);
  const isOver = isTerminal(row.state) || row.state === "finishing" || row.desired === "cancel";
  if (isOver && !(result.ok && changesOnlyTree(before, result.limits))) return { kind: "finished" };
  if (!result.ok) return { kind: "invalid", problem: result.problem };
  await writeLimits(tx, row, result.limits, by, now);
  if (hasMoney(row, before, result.limits)) await endBudgetWait(tx, queue, row, now);
  return { kind: "changed", tree: raised(before.treeCostUsd, result.limits.treeCostUsd) };
}

async function writeLimits(tx: Sql, row: TaskRow, limits: Limits, by: string, now: number): Promise<void> {
  const event: EventBody = { type: "limits", data: { limits, by } };
  const closed = isTerminal(row.state);
  const live = row.attempt_state !== null && isLiveAttempt(row.attempt_state);
  await Promise.all([
    tx.query("update tasks set spec = jsonb_set(spec, '{limits}', $2) where id = $1", [
      row.id,
      JSON.stringify(limits),
    ]),
    // A log that has ended takes nothing more: who it was is kept elsewhere.
    closed
      ? audit(tx, row, limits, by, now)
      : appendOrFail(tx, {
          taskId: row.id,
          epoch: row.epoch,
          from: null,
          events: [{ ...event, at: new Date(now).toISOString() }],
        }),
    live ? tellRunner(tx, row, { kind: "limits", limits }) : null,
    wake(tx, row.id),
  ]);
}

function audit(tx: Sql, row: TaskRow, { treeCostUsd }: Limits, actor: string, at: number): Promise<void> {
  const { account_id: accountId, id: target } = row;
  const detail = { treeCostUsd: String(treeCostUsd ?? "none") };
  return addAuditRow(tx, {
    id: randomUUID(),
    accountId,
    actor,
    action: "task.tree_budget",
    target,
    detail,
    at,
  });
}

/** The cap of a tree is for what lives below the task as well, and outlives the task itself. */
function changesOnlyTree(before: Limits, { treeCostUsd, ...after }: Limits): boolean {
  if (treeCostUsd === before.treeCostUsd) return false;
  const names = Object.keys(after) as (keyof typeof after)[];
  return names.every((name) => after[name] === before[name]);
}

/** Whether a wait for money is worth another try: the broker knows all caps and begins it again if it was not. */
function hasMoney(row: TaskRow, before: Limits, after: Limits): boolean {
  if (!row.waits.some(({ reason }) => reason === "budget")) return false;
  const more = after.costUsd > before.costUsd || raised(before.treeCostUsd, after.treeCostUsd);
  return more && after.costUsd > Number(row.cost_usd);
}

function raised(before: number | undefined, after: number | undefined): boolean {
  return before !== undefined && (after === undefined || after > before);
}

async function endBudgetWait(tx: Sql, queue: Queue, row: TaskRow, now: number): Promise<void> {
  const result = stepTask(toSnapshot(row), { kind: "proceed", id: "budget" }, now);
  if (result.ok) await writeStep(tx, queue, row, result.step, now);
}

/** What waits below the task may have waited for this very cap. One by one: no two tasks are locked at once. */
async function wakeTree(db: Database, queue: Queue, id: string, now: number): Promise<void> {
  const { rows } = await db.query<{ id: string }>(
    `with recursive tree as (
       select id from tasks where parent_id = $1
       union select t.id from tasks t join tree on t.parent_id = tree.id
     )
     select t.id from tree join tasks t using (id) where t.state = 'waiting' and t.waits @> '[{"id": "budget"}]'`,
    [id],
  );
  for (const below of rows) await applyCommand(db, queue, below.id, { kind: "proceed", id: "budget" }, now);
}
