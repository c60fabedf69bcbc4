import type { PricedCall } from "@agency/core";
import type { Database, Sql } from "../database.ts";
import { appendEvents } from "../events/append.ts";
import { addSpending } from "./scopes.ts";

/** The billing row and the task's totals in one trip; a key that was there before changes neither. */
const PAY = `
with paid as (
  insert into model_calls (id, account_id, task_id, epoch, vendor, model, key, input, output, cache_read, cache_write,
    cache_write_1h, web_searches, fast, us_only, estimated, partial, cost_usd, status, duration_ms, at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
  on conflict (task_id, key) do nothing
  returning task_id, input, output, cache_read, cache_write, cost_usd
), task as (
  update tasks t set cost_usd = t.cost_usd + p.cost_usd, usage = jsonb_build_object(
    'input', coalesce((t.usage ->> 'input')::bigint, 0) + p.input,
    'output', coalesce((t.usage ->> 'output')::bigint, 0) + p.output,
    'cacheRead', coalesce((t.usage ->> 'cacheRead')::bigint, 0) + p.cache_read,
    'cacheWrite', coalesce((t.usage ->> 'cacheWrite')::bigint, 0) + p.cache_write,
    'calls', coalesce((t.usage ->> 'calls')::bigint, 0) + 1)
  from paid p where t.id = p.task_id returning t.cost_usd
)
select (select cost_usd::float8 from task) as total from paid`;

export async function recordCall(db: Database, call: PricedCall): Promise<void> {
  await db.tx(async (tx) => {
    const paid = await pay(tx, call);
    if (paid === null) return;
    await Promise.all([
      paid.total === null ? null : tell(tx, call, paid.total),
      addSpending(tx, { ...call, isModelCall: true }),
    ]);
  });
}

/** Null: this key was paid before. The total is null when the task is deleted: its bill is not. */
async function pay(tx: Sql, call: PricedCall): Promise<{ total: number | null } | null> {
  const { usage } = call;
  const { rows } = await tx.query<{ total: number | null }>(
    PAY,
    [
      call.id,
      call.accountId,
      call.taskId,
      call.epoch,
      call.vendor,
      call.model,
      call.key,
      usage.input,
      usage.output,
      usage.cacheRead,
      usage.cacheWrite,
      usage.cacheWrite1h ?? 0,
      usage.webSearches ?? 0,
      usage.fast ?? false,
      usage.usOnly ?? false,
      call.estimated,
      call.partial,
      call.costUsd,
      call.status,
      Math.round(call.durationMs),
      new Date(call.at),
    ],
    "pay for a call",
  );
  return rows[0] ?? null;
}

/** An attempt that was fenced meanwhile still pays, but no longer speaks. */
async function tell(tx: Sql, call: PricedCall, totalCostUsd: number): Promise<void> {
  const { taskId, epoch, key, model, costUsd, at } = call;
  const { input, output, cacheRead, cacheWrite } = call.usage;
  if (costUsd === 0 && input + output + cacheRead + cacheWrite === 0) return;
  const data = { key, model, input, output, cacheRead, cacheWrite, costUsd, totalCostUsd };
  const event = { type: "usage" as const, data, at: new Date(at).toISOString() };
  await appendEvents(tx, [{ taskId, epoch, from: null, events: [event] }]);
}
