import type { QueueJob } from "@agency/core";
import type { Sql } from "../database.ts";
import { QUEUE } from "./boss.ts";

// What the library has no call for. Its version is pinned exactly, and the queue's tests run these.

/** A released job waits its delay; the library knows only one fixed delay a job. */
export async function postpone(sql: Sql, job: QueueJob, delayMs: number): Promise<void> {
  await sql.query(
    `update pgboss.job set start_after = pgboss.job_now() + $3 * interval '1 millisecond'
     where name = $1 and id = $2 and state = 'retry'`,
    [QUEUE, job.id, delayMs],
  );
}

/** The library takes a claim back 24 hours after `started_on`; the same claim simply starts anew. */
export async function restartClock(sql: Sql, job: QueueJob): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update pgboss.job set started_on = pgboss.job_now(), heartbeat_on = pgboss.job_now()
     where name = $1 and id = $2 and state = 'active' and retry_count = $3`,
    [QUEUE, job.id, job.retryCount],
  );
  return rowCount === 1;
}

export async function takeBackAll(sql: Sql): Promise<number> {
  const { rowCount } = await sql.query(
    "update pgboss.job set state = 'retry', start_after = pgboss.job_now() where name = $1 and state = 'active'",
    [QUEUE],
  );
  return rowCount ?? 0;
}

export async function removeWaiting(sql: Sql, taskId: string): Promise<void> {
  await sql.query("delete from pgboss.job where name = $1 and singleton_key = $2 and state < 'active'", [
    QUEUE,
    taskId,
  ]);
}

/** Of a task that has ended: what the library keeps of its jobs goes, too. */
export async function forgetJobs(sql: Sql, taskId: string): Promise<void> {
  await sql.query("delete from pgboss.job where name = $1 and singleton_key = $2", [QUEUE, taskId]);
}

export async function waiting(sql: Sql): Promise<{ count: number; oldestMs: number }> {
  const { rows } = await sql.query<{ count: number; oldest_ms: number }>(
    `select count(*) as count,
       coalesce(extract(epoch from pgboss.job_now() - min(greatest(created_on, start_after))) * 1000, 0)::bigint as oldest_ms
     from pgboss.job where name = $1 and state < 'active' and start_after <= pgboss.job_now()`,
    [QUEUE],
  );
  return { count: rows[0]?.count ?? 0, oldestMs: rows[0]?.oldest_ms ?? 0 };
}
