import { budgetPeriods } from "@agency/core";
import type { Sql } from "../database.ts";

/** A task and all above it. Chains are short; the bound is for one that somebody made by hand. */
export const LINE = `
recursive line (id, parent_id, depth) as (
  select id, parent_id, 0 from tasks where id = $1
  union all
  select p.id, p.parent_id, l.depth + 1 from tasks p join line l on p.id = l.parent_id where l.depth < 100
)`;

/** Inserted in the order of the names: each row is locked as it comes, so two payments cannot deadlock. */
const ADD = `
with ${LINE}, names (name) as (
  select 'task/' || id from line where depth = 0
  union all select 'tree/' || id from line
  union all select unnest($2::text[])
  where not ($4 and coalesce((select (spec ->> 'demo')::boolean from tasks where id = $1), false))
)
insert into budget_scopes as b (name, spent_usd) select name, $3::numeric from names order by name collate "C"
on conflict (name) do update set spent_usd = b.spent_usd + excluded.spent_usd`;

export interface Spending {
  accountId: string;
  taskId: string;
  costUsd: number;
  at: number;
  /** What a demo's calls would have cost is shown, and held to the task's own budget; nobody pays it. */
  isModelCall: boolean;
}

/**
 * The last statement of a payment: every task of the account meets in these rows, and they stay locked until the
 * payment is on the disk.
 */
export async function addSpending(tx: Sql, spending: Spending): Promise<void> {
  const { accountId, taskId, costUsd, at, isModelCall } = spending;
  const { day, month } = accountScopes(accountId, at);
  await tx.query(ADD, [taskId, [day, month], costUsd, isModelCall], "add spending");
}

export function accountScopes(accountId: string, at: number): { day: string; month: string } {
  const { day, month } = budgetPeriods(at);
  return { day: `day/${accountId}/${day.name}`, month: `month/${accountId}/${month.name}` };
}

/** With the task's own rows; its account's stay. */
export async function forgetTaskScopes(tx: Sql, taskId: string): Promise<void> {
  await tx.query("delete from budget_scopes where name = any($1)", [[`task/${taskId}`, `tree/${taskId}`]]);
}
