import type { CostStore, PricedCall } from "@agency/core";
import type { Database, Sql } from "../database.ts";
import { appendEvents } from "../events/append.ts";

export function createCostStore(db: Database): CostStore {
  return { record: (call) => db.tx((tx) => recordCall(tx, call)) };
}

async function recordCall(tx: Sql, call: PricedCall): Promise<void> {
  const { rowCount } = await tx.query(
    `insert into model_calls (id, account_id, task_id, epoch, vendor, model, key, input, output, cache_read, cache_write,
       cost_usd, status, duration_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     on conflict (task_id, key) do nothing`,
    [
      call.id,
      call.accountId,
      call.taskId,
      call.epoch,
      call.vendor,
      call.model,
      call.key,
      call.input,
      call.output,
      call.cacheRead,
      call.cacheWrite,
      call.costUsd,
      call.status,
      Math.round(call.durationMs),
    ],
  );
  if (rowCount !== 1) return;
  const total = await addToTask(tx, call);
  const counted = call.input + call.output + call.cacheRead + call.cacheWrite > 0;
  if (total === null || !counted) return;
  const { key, model, input, output, cacheRead, cacheWrite, costUsd } = call;
  const data = { key, model, input, output, cacheRead, cacheWrite, costUsd, totalCostUsd: total };
  // An attempt that was fenced meanwhile still pays, but no longer speaks.
  await appendEvents(tx, [
    {
      taskId: call.taskId,
      epoch: call.epoch,
      from: null,
      events: [{ type: "usage", data, at: new Date().toISOString() }],
    },
  ]);
}

async function addToTask(tx: Sql, call: PricedCall): Promise<number | null> {
  const { rows } = await tx.query<{ total: string }>(
    `update tasks set cost_usd = cost_usd + $2, usage = jsonb_build_object(
       'input', coalesce((usage->>'input')::bigint, 0) + $3,
       'output', coalesce((usage->>'output')::bigint, 0) + $4,
       'cacheRead', coalesce((usage->>'cacheRead')::bigint, 0) + $5,
       'cacheWrite', coalesce((usage->>'cacheWrite')::bigint, 0) + $6,
       'calls', coalesce((usage->>'calls')::bigint, 0) + 1)
     where id = $1 returning cost_usd::text as total`,
    [call.taskId, call.costUsd, call.input, call.output, call.cacheRead, call.cacheWrite],
  );
  return rows[0] === undefined ? null : Number(rows[0].total);
}
