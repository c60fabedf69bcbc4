import { isTerminal } from "@agency/core";
import type { TaskStore } from "@agency/core";
import { addAuditRow } from "../audit/log.ts";
import type { Database, Sql } from "../database.ts";
import { appendOrFail } from "../events/append.ts";
import { wake } from "./apply.ts";
import { lockTask } from "./select.ts";
import { isKept } from "./row.ts";
import type { TaskRow } from "./row.ts";

type Open = Parameters<TaskStore["openTerminal"]>;

/** The runner is told, the audit log and whoever watches: all of it or nothing. */
export function openTerminal(
  db: Database,
  ...[accountId, taskId, { id, audit, text }]: Open
): ReturnType<TaskStore["openTerminal"]> {
  return db.tx(async (tx) => {
    const row = await lockTask(tx, taskId);
    if (row === null || row.account_id !== accountId || row.hidden) return "not_found";
    if (isTerminal(row.state) && !isKept(row)) return "over";
    if (row.attempt_started_at === null || row.sandbox_ref === null) return "not_running";
    if (!isTerminal(row.state) && !["running", "waiting", "finishing"].includes(row.state))
      return "not_running";
    await tx.query(
      "insert into commands (id, task_id, account_id, kind, body) values ($1, $2, $3, 'terminal', '{}')",
      [id, taskId, row.account_id],
    );
    await addAuditRow(tx, audit);
    await notice(tx, row, text, audit.at);
    await wake(tx, taskId);
    return "opened";
  });
}

export async function noteTerminal(db: Database, taskId: string, text: string, now: number): Promise<void> {
  await db.tx(async (tx) => {
    const row = await lockTask(tx, taskId);
    if (row !== null) await notice(tx, row, text, now);
  });
}

/** The terminal event of a task is its last one: what happens in a kept sandbox stands only in the audit log. */
async function notice(tx: Sql, row: TaskRow, text: string, now: number): Promise<void> {
  if (isTerminal(row.state)) return;
  const at = new Date(now).toISOString();
  const event = { type: "notice" as const, data: { level: "info" as const, text }, at };
  await appendOrFail(tx, { taskId: row.id, epoch: row.epoch, from: null, events: [event] });
  await wake(tx, row.id);
}
