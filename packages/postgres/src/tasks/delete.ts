import { isTerminal } from "@agency/core";
import type { AuditRow, DeleteOutcome, SandboxRecord } from "@agency/core";
import { SANDBOX_COLUMNS, toSandboxRecord } from "../attempts/kept.ts";
import type { SandboxRow } from "../attempts/kept.ts";
import { addAuditRow } from "../audit/log.ts";
import { forgetTaskScopes } from "../costs/scopes.ts";
import type { Database, Sql } from "../database.ts";
import { forgetJobs } from "../queue/jobs.ts";
import { lockTask } from "./select.ts";

/** Whoever deletes the task carries the removal out; when that server dies, another one does after this time. */
const CARRIED_OUT_MS = 60_000;

/**
 * What can be found goes at once: the row and all that hangs on it. Events can be a million, workspaces and objects
 * are elsewhere: they are named in a removal, which lasts until nothing of them is left.
 */
export function deleteTask(
  db: Database,
  accountId: string,
  id: string,
  audit: AuditRow,
): Promise<DeleteOutcome> {
  return db.tx(async (tx) => {
    const row = await lockTask(tx, id);
    if (row === null || row.account_id !== accountId || row.hidden) return { kind: "not_found" };
    if (!isTerminal(row.state)) return { kind: "live" };
    const by = await neededBy(tx, id);
    if (by !== null) return { kind: "needed", by };
    const sandboxes = await sandboxesOf(tx, id);
    await tx.query(
      `insert into removals (task_id, part, sandboxes, due_at)
       values ($1, 'task', $2, now() + $3 * interval '1 millisecond')`,
      [id, JSON.stringify(sandboxes), CARRIED_OUT_MS],
    );
    await tx.query("delete from removals where task_id = $1 and part = 'events'", [id]);
    await tx.query("delete from idempotency_keys where account_id = $1 and task_id = $2", [accountId, id]);
    await lookAgainAtOrigin(tx, id);
    await tx.query("delete from tasks where id = $1", [id]);
    await forgetTaskScopes(tx, id);
    await forgetJobs(tx, id);
    await addAuditRow(tx, audit);
    // Lists that show it look again.
    await tx.query("select pg_notify('ev', $1)", [`${id}:0`]);
    return { kind: "deleted", removal: { taskId: id, part: "task", sandboxes } };
  });
}

/** What the task it went on from was uploaded for may have waited for this one only. */
async function lookAgainAtOrigin(tx: Sql, id: string): Promise<void> {
  await tx.query(
    `update tasks o set swept = array_remove(o.swept, 'checkpoints') from tasks t
     where t.id = $1 and o.id::text = t.spec -> 'resume' ->> 'taskId'
       and exists (select from blobs b where b.task_id = o.id and b.kind = 'upload' and b.expired_at is null)`,
    [id],
  );
}

async function sandboxesOf(tx: Sql, id: string): Promise<SandboxRecord[]> {
  const { rows } = await tx.query<SandboxRow>(
    `select ${SANDBOX_COLUMNS} from sandboxes s where s.task_id = $1`,
    [id],
  );
  return rows.map(toSandboxRecord);
}

/** Certain only under the lock that `create` takes, too. */
async function neededBy(sql: Sql, id: string): Promise<string | null> {
  const { rows } = await sql.query<{ id: string }>(
    `select id from tasks
     where spec -> 'resume' ->> 'taskId' = $1::text and finished_at is null and spec -> 'resume' <> 'null' limit 1`,
    [id],
  );
  return rows[0]?.id ?? null;
}
