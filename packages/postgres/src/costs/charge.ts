import type { ComputeCharge } from "@agency/core";
import type { Database, Sql } from "../database.ts";
import { appendEvents } from "../events/append.ts";
import { addSpending } from "./scopes.ts";

/**
 * From where the last charge of this attempt ended. The cost is the difference of two sums counted from the
 * attempt's beginning, so that many small steps add up to exactly what one large step would cost.
 */
const CHARGE = `
with last as (
  select greatest($6::bigint, max(until_ms)) as from_ms from compute_charges where task_id = $3 and epoch = $4
), charge as (
  insert into compute_charges (id, account_id, task_id, epoch, provider, from_ms, until_ms, usd_per_hour, cost_usd, at)
  select $1, $2, $3, $4, $5, from_ms, $7::bigint, $8::numeric,
    round(($7::bigint - $6::bigint) * $8::numeric / 3600000, 6) - round((from_ms - $6::bigint) * $8::numeric / 3600000, 6), $9
  from last where from_ms < $7::bigint
  returning task_id, cost_usd, (until_ms - from_ms) / 1000.0 as seconds
), task as (
  update tasks t set cost_usd = t.cost_usd + c.cost_usd, compute_usd = t.compute_usd + c.cost_usd
  from charge c where t.id = c.task_id returning t.cost_usd
)
select cost_usd::float8 as cost, seconds::float8, (select cost_usd::float8 from task) as total from charge`;

interface Charged {
  cost: number;
  seconds: number;
  total: number | null;
}

export async function chargeTime(db: Database, charge: ComputeCharge): Promise<number | null> {
  if (charge.usdPerHour <= 0) return null;
  return db.tx(async (tx) => {
    const charged = await pay(tx, charge);
    if (charged === null) return null;
    const { accountId, taskId, untilMs } = charge;
    await Promise.all([
      charged.total === null ? null : tell(tx, charge, charged, charged.total),
      addSpending(tx, { accountId, taskId, costUsd: charged.cost, at: untilMs, isModelCall: false }),
    ]);
    return charged.total;
  });
}

/** The task's lock first: two processes at once then see each other's charge. */
async function pay(tx: Sql, charge: ComputeCharge): Promise<Charged | null> {
  const { id, accountId, taskId, epoch, provider, sinceMs, untilMs, usdPerHour } = charge;
  const [, { rows }] = await Promise.all([
    tx.query("select from tasks where id = $1 for update", [taskId]),
    tx.query<Charged>(CHARGE, [
      id,
      accountId,
      taskId,
      epoch,
      provider,
      sinceMs,
      untilMs,
      usdPerHour,
      new Date(untilMs),
    ]),
  ]);
  return rows[0] ?? null;
}

async function tell(
  tx: Sql,
  { taskId, epoch, untilMs }: ComputeCharge,
  { seconds, cost }: Charged,
  totalCostUsd: number,
): Promise<void> {
  const data = { seconds, costUsd: cost, totalCostUsd };
  const event = { type: "compute" as const, data, at: new Date(untilMs).toISOString() };
  await appendEvents(tx, [{ taskId, epoch, from: null, events: [event] }]);
}
