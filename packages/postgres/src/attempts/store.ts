import { runnerCommandSchema } from "@agency/contract";
import { firstWait } from "@agency/core";
import type { AttemptAccess, AttemptStore, SandboxRecord, WaitSnapshot } from "@agency/core";
import type { Database } from "../database.ts";
import { keepSandbox, keptTooLong, SANDBOX_COLUMNS, toSandboxRecord } from "./kept.ts";
import type { SandboxRow } from "./kept.ts";

const LIVE = "('claimed', 'provisioning', 'running', 'finalizing')";

export function createAttemptStore(db: Database): AttemptStore {
  return {
    find: (attemptId) => findAttempt(db, attemptId),
    async burnBootToken(attemptId, nonce, now) {
      const { rowCount } = await db.query(
        `update attempts set boot_used_at = coalesce(boot_used_at, $3), boot_nonce = $2
         where id = $1 and (boot_nonce is null or boot_nonce = $2)`,
        [attemptId, nonce, new Date(now)],
      );
      return rowCount === 1;
    },
    async touch(attemptId, now) {
      await db.query("update attempts set last_seen_at = greatest(last_seen_at, $2) where id = $1", [
        attemptId,
        new Date(now),
      ]);
    },
    async setSandbox(id, state, ref) {
      await db.query(
        `update sandboxes set state = $2, ref = coalesce($3, ref),
           deleted_at = case when $2 in ('deleted', 'discarded') then coalesce(deleted_at, now()) else deleted_at end
         where id = $1`,
        [id, state, ref === null ? null : JSON.stringify(ref)],
      );
    },
    keepSandbox: (id, until, most) => keepSandbox(db, id, until, most),
    async dropSandbox(id) {
      await db.query("update sandboxes set kept_until = null where id = $1", [id]);
    },
    keptTooLong: (provider) => keptTooLong(db, provider),
    commandsAfter: (taskId, afterId) => commandsAfter(db, taskId, afterId),
    strays: (provider) => strays(db, provider),
    async needed(ids) {
      const { rows } = await db.query<{ id: string }>(
        `select s.id from sandboxes s join attempts a on a.id = s.attempt_id
         where s.id::text = any($1) and (a.state in ${LIVE} or s.kept_until > now())`,
        [ids],
      );
      return new Set(rows.map((row) => row.id));
    },
  };
}

interface AccessRow {
  id: string;
  task_id: string;
  account_id: string;
  epoch: number;
  task_epoch: number;
  live: boolean;
  kept: boolean;
  working: boolean;
  finalizing: boolean;
  demo: boolean;
  on_usage_limit: AttemptAccess["onUsageLimit"];
  strict_egress: boolean;
  cost_usd: string;
  budget_usd: number;
  events_per_second: number;
  output_bytes: number;
  output_limit: number;
  waits: WaitSnapshot[];
}

async function findAttempt(db: Database, attemptId: string): Promise<AttemptAccess | null> {
  const { rows } = await db.query<AccessRow>(
    `select a.id, a.task_id, a.account_id, a.epoch, t.epoch as task_epoch, a.state in ${LIVE} as live,
       (s.kept_until > now() and s.state not in ('deleted', 'discarded')) is true as kept,
       (a.state = 'running' and t.desired = 'run') as working, a.state = 'finalizing' as finalizing, (t.spec->>'demo')::boolean as demo, t.cost_usd::text,
       t.spec->>'onUsageLimit' as on_usage_limit, t.spec->'network' <> '"internet"' as strict_egress,
       (t.spec->'limits'->>'costUsd')::float8 as budget_usd,
       (t.spec->'limits'->>'eventsPerSecond')::int as events_per_second, t.waits,
       h.bytes as output_bytes, (t.spec->'limits'->>'outputBytes')::bigint as output_limit
     from attempts a join tasks t on t.id = a.task_id join task_heads h on h.task_id = t.id left join sandboxes s on s.attempt_id = a.id where a.id = $1`,
    [attemptId],
    "find an attempt",
  );
  const [row] = rows;
  if (row === undefined) return null;
  return {
    attemptId: row.id,
    taskId: row.task_id,
    accountId: row.account_id,
    epoch: row.epoch,
    taskEpoch: row.task_epoch,
    live: row.live,
    kept: row.kept,
    working: row.working,
    finalizing: row.finalizing,
    ...holdOf(row.waits),
    demo: row.demo,
    onUsageLimit: row.on_usage_limit,
    strictEgress: row.strict_egress,
    costUsd: Number(row.cost_usd),
    budgetUsd: row.budget_usd,
    eventsPerSecond: row.events_per_second,
    outputBytes: row.output_bytes,
    outputLimit: row.output_limit,
  };
}

/** Whatever it waits for, it spends nothing meanwhile: its time limit stands still. */
function holdOf(waits: readonly WaitSnapshot[]): Pick<AttemptAccess, "hold" | "holdUntil"> {
  const first = firstWait(waits);
  return { hold: first?.reason ?? null, holdUntil: first?.until ?? null };
}

async function commandsAfter(db: Database, taskId: string, afterId: string | null) {
  const { rows } = await db.query<{ id: string; kind: string; body: object }>(
    `select id, kind, body from commands
     where task_id = $1 and ord > coalesce((select ord from commands where task_id = $1 and id::text = $2), 0)
     order by ord limit 100`,
    [taskId, afterId],
  );
  return rows.map(({ id, kind, body }) => runnerCommandSchema.parse({ ...body, id, kind }));
}

async function strays(db: Database, provider: string): Promise<SandboxRecord[]> {
  const { rows } = await db.query<SandboxRow>(
    `select ${SANDBOX_COLUMNS}
     from sandboxes s join attempts a on a.id = s.attempt_id
     where s.provider = $1 and s.state not in ('deleted', 'discarded') and a.state not in ${LIVE}
       and (s.kept_until is null or s.kept_until <= now())
     order by s.created_at limit 100`,
    [provider],
  );
  return rows.map(toSandboxRecord);
}
