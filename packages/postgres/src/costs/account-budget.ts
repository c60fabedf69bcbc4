import type { AccountCaps, AccountSpending } from "@agency/core";
import type { Database } from "../database.ts";
import { accountScopes } from "./scopes.ts";

interface Row {
  day_cap: number | null;
  day_spent: number | null;
  month_cap: number | null;
  month_spent: number | null;
}

export async function readAccountBudget(
  db: Database,
  accountId: string,
  now: number,
): Promise<AccountSpending> {
  const { day, month } = accountScopes(accountId, now);
  const { rows } = await db.query<Row>(
    `select a.day_usd::float8 as day_cap, a.month_usd::float8 as month_cap,
       (select spent_usd::float8 from budget_scopes where name = $2) as day_spent,
       (select spent_usd::float8 from budget_scopes where name = $3) as month_spent
     from accounts a where a.id = $1`,
    [accountId, day, month],
  );
  const [row] = rows;
  return {
    dayCapUsd: row?.day_cap ?? null,
    daySpentUsd: row?.day_spent ?? 0,
    monthCapUsd: row?.month_cap ?? null,
    monthSpentUsd: row?.month_spent ?? 0,
  };
}

export async function writeAccountCaps(db: Database, accountId: string, caps: AccountCaps): Promise<void> {
  const { dayUsd, monthUsd } = caps;
  await db.query(
    `update accounts set day_usd = case when $2 then $3 else day_usd end,
       month_usd = case when $4 then $5 else month_usd end where id = $1`,
    [accountId, dayUsd !== undefined, dayUsd ?? null, monthUsd !== undefined, monthUsd ?? null],
  );
}

export async function waitingForBudget(db: Database, accountId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    // The index of what is alive is partial: without its condition every task that ever was is read.
    `select id from tasks where state = 'waiting' and finished_at is null and account_id = $1
       and waits @> '[{"id": "budget"}]' order by id`,
    [accountId],
  );
  return rows.map((row) => row.id);
}
