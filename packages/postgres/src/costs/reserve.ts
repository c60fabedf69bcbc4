import { budgetPeriods } from "@agency/core";
import type { BudgetRefusal, LeftReservation, Reservation, ReserveOutcome } from "@agency/core";
import type { Database } from "../database.ts";
import { LINE } from "./scopes.ts";

/**
 * A commit that does not wait for the disk. What a crash of the database can lose is a reservation together with its
 * sum in the scopes: less is set aside, and of the calls it let in what they used is recorded all the same.
 */
const QUICK_COMMIT = "set_config('synchronous_commit', 'off', true)";

/**
 * One statement: read the caps, lock their scopes in the order of the names, judge all, set aside in all or none.
 * Scopes without a cap are not locked: tasks then do not wait for each other. Each cap is held as long as
 * what is spent and set aside stays below it, so the last call let in passes it by at most its own maximum.
 */
const RESERVE = `
with ${LINE}, caps (rank, scope, owner, name, cap) as (
  select case k.scope when 'task' then 0 else 1 + l.depth end, k.scope, l.id, k.scope || '/' || l.id, k.cap
  from line l join tasks t on t.id = l.id cross join lateral (values
    ('task', case when l.depth = 0 then (t.spec -> 'limits' ->> 'costUsd')::numeric end),
    ('tree', (t.spec -> 'limits' ->> 'treeCostUsd')::numeric)) k (scope, cap)
  where k.cap is not null
  union all
  select 200 + k.rank, k.scope, a.id, k.scope || '/' || a.id || '/' || k.period, k.cap
  from tasks t join accounts a on a.id = t.account_id cross join lateral (values
    (0, 'day', $8, a.day_usd), (1, 'month', $9, a.month_usd)) k (rank, scope, period, cap)
  where t.id = $1 and k.cap is not null and not coalesce((t.spec ->> 'demo')::boolean, false)
), locked as (
  select name, spent_usd, reserved_usd from budget_scopes
  where name = any (array(select name from caps)) order by name for update
), judged as (
  select t.id as task_id, t.account_id,
    not exists (select from caps c left join locked l using (name)
      where l.name is null or l.spent_usd + l.reserved_usd >= c.cap) as ok
  from tasks t where t.id = $1 and t.epoch = $3
), taken as (
  update budget_scopes b set reserved_usd = b.reserved_usd + $6
  from locked l cross join judged j where b.name = l.name and j.ok
), reservation as (
  insert into model_reservations (id, account_id, task_id, epoch, vendor, model, usd, input_usd, scopes, at)
  select $2, account_id, task_id, $3, $4, $5, $6, $7, array(select name from caps), $10 from judged where ok
)
select j.ok, c.scope, c.owner::text, c.name, c.cap::float8, l.spent_usd::float8 as spent, l.name is null as missing,
  l.spent_usd >= c.cap as used_up, ${QUICK_COMMIT}
from judged j left join caps c on true left join locked l using (name)
order by l.spent_usd >= c.cap desc nulls last, l.spent_usd + l.reserved_usd >= c.cap desc nulls last, c.rank`;

interface Row {
  ok: boolean;
  scope: BudgetRefusal["scope"];
  owner: string;
  /** Null in the one row of a task without any cap. */
  name: string | null;
  cap: number;
  spent: number;
  missing: boolean;
  used_up: boolean;
}

export async function reserve(db: Database, reservation: Reservation): Promise<ReserveOutcome> {
  let rows = await tryToReserve(db, reservation);
  // The first call of a task or of a day: a row must be there to be locked. Twice when a cap is set meanwhile.
  for (let missing = missingOf(rows); missing.length > 0; missing = missingOf(rows)) {
    await db.query(
      `insert into budget_scopes (name) select name from unnest($1::text[]) name order by name collate "C"
       on conflict do nothing`,
      [missing],
    );
    rows = await tryToReserve(db, reservation);
  }
  return outcomeOf(rows, reservation.at);
}

function missingOf(rows: readonly Row[]): string[] {
  return rows.flatMap(({ name, missing }) => (missing && name !== null ? [name] : []));
}

async function tryToReserve(db: Database, reservation: Reservation): Promise<Row[]> {
  const { day, month } = budgetPeriods(reservation.at);
  const { id, taskId, epoch, vendor, model, usd, inputUsd, at } = reservation;
  const { rows } = await db.query<Row>(
    RESERVE,
    [taskId, id, epoch, vendor, model, usd, inputUsd, day.name, month.name, new Date(at)],
    "reserve",
  );
  return rows;
}

function outcomeOf([worst]: readonly Row[], at: number): ReserveOutcome {
  if (worst === undefined) return { ok: false, scope: "fenced" };
  if (worst.ok) return { ok: true };
  const { scope, owner, cap, spent } = worst;
  const periods = budgetPeriods(at);
  return {
    ok: false,
    scope,
    owner,
    capUsd: cap,
    spentUsd: spent,
    onlyReserved: !worst.used_up,
    resetsAt: scope === "day" || scope === "month" ? periods[scope].resetsAt : null,
  };
}

const RELEASE = `
with gone as (
  delete from model_reservations where id = $1 returning usd, scopes
), locked as (
  select name from budget_scopes where name = any (array(select unnest(scopes) from gone)) order by name for update
), freed as (
  update budget_scopes b set reserved_usd = greatest(0, b.reserved_usd - g.usd)
  from locked l cross join gone g where b.name = l.name
)
select ${QUICK_COMMIT}`;

export async function release(db: Database, reservationId: string): Promise<void> {
  await db.query(RELEASE, [reservationId], "release");
}

interface LeftRow {
  id: string;
  account_id: string;
  task_id: string;
  epoch: number;
  vendor: string;
  model: string;
  usd: number;
  input_usd: number;
  at: Date;
}

export async function leftBefore(db: Database, cutoff: number, limit: number): Promise<LeftReservation[]> {
  const { rows } = await db.query<LeftRow>(
    `select id, account_id, task_id, epoch, vendor, model, usd::float8, input_usd::float8, at
     from model_reservations where at < $1 order by at limit $2`,
    [new Date(cutoff), limit],
  );
  return rows.map((row) => ({
    id: row.id,
    accountId: row.account_id,
    taskId: row.task_id,
    epoch: row.epoch,
    vendor: row.vendor,
    model: row.model,
    usd: row.usd,
    inputUsd: row.input_usd,
    at: row.at.getTime(),
  }));
}
