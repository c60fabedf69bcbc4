import type { FilterTasks, TaskCounts } from "@agency/contract";
import type { Sql } from "../database.ts";
import { taskConditions } from "../tasks/list.ts";

const MOST_COUNTED = 10_000;

/** From the sums, however many tasks there are; of every account together without one. */
export async function stateCounts(sql: Sql, accountId: string | null): Promise<Record<string, number>> {
  const { rows } = await sql.query<{ state: string; n: number }>(
    `select state, sum(n)::bigint as n from (
       select account_id, state, n from task_counts union all select account_id, state, n from task_count_changes
     ) c where $1::uuid is null or account_id = $1 group by state having sum(n) > 0`,
    [accountId],
  );
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
}

/** What no sum is kept of is counted, and not without end. */
export async function countFiltered(sql: Sql, accountId: string, filter: FilterTasks): Promise<TaskCounts> {
  const { state: _state, sort: _sort, ...narrow } = filter;
  if (Object.values(narrow).every((value) => value === undefined))
    return { counts: await stateCounts(sql, accountId), atLeast: false };
  const { where, values } = taskConditions(accountId, narrow);
  const { rows } = await sql.query<{ state: string; n: number }>(
    `select state, count(*)::int as n from (
       select t.state from tasks t where ${where.join(" and ")} limit ${MOST_COUNTED + 1}
     ) c group by state`,
    values,
  );
  const counts = Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  return { counts, atLeast: rows.reduce((sum, { n }) => sum + n, 0) > MOST_COUNTED };
}
