import type { Sql } from "../database.ts";
import { TASK_COLUMNS, TASK_JOINS } from "./row.ts";
import type { TaskRow } from "./row.ts";

const byId = `select ${TASK_COLUMNS} from tasks t ${TASK_JOINS} where t.id = $1`;

export async function selectTask(sql: Sql, id: string, accountId?: string): Promise<TaskRow | null> {
  const { rows } =
    accountId === undefined
      ? await sql.query<TaskRow>(byId, [id])
      : await sql.query<TaskRow>(`${byId} and t.account_id = $2 and not t.hidden`, [id, accountId]);
  return rows[0] ?? null;
}

/**
 * Everything that changes a task takes this lock first, then the head's: one order, no deadlock. The row is
 * read by a second statement: one that had to wait for the lock sees the joined tables as they were before.
 */
export async function lockTask(sql: Sql, id: string): Promise<TaskRow | null> {
  await sql.query("select from tasks where id = $1 for update", [id]);
  return selectTask(sql, id);
}
