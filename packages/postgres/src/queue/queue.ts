import type { Logger, Queue, QueueJob, Tx } from "@agency/core";
import type { GroupConcurrencyConfig, PgBoss } from "pg-boss";
import type { Database, Sql } from "../database.ts";
import { LOCKS } from "../locks.ts";
import { asSql, bossDb, createBoss, LEASE_TIMES, QUEUE } from "./boss.ts";
import type { LeaseTimes } from "./boss.ts";
import { postpone, removeWaiting, restartClock, takeBackAll, waiting } from "./jobs.ts";

export interface QueueSettings {
  db: Database;
  logger: Logger;
  /** Tasks of one account at once, where the account has no number of its own. */
  maxRunning: number;
  times?: LeaseTimes;
}

/** A job whose task somebody still holds comes back after this. */
const HELD_PAUSE_MS = 1_000;

interface JobData {
  taskId: string;
  accountId: string;
}

export function createQueue(settings: QueueSettings): Queue {
  const { db, logger, times = LEASE_TIMES } = settings;
  const boss = createBoss(db, times);
  let stopped = false;
  boss.on("error", (error) => {
    // Upkeep that was under way may find the database closed already.
    if (!stopped) logger.warn({ err: error }, "The queue's own upkeep failed; it is tried again.");
  });
  boss.on("warning", (warning) => logger.warn({ warning }, "The queue has a warning."));
  return {
    async enqueue({ taskId, accountId, priority, startAfter }, tx) {
      const sent = boss.send(QUEUE, { taskId, accountId } satisfies JobData, {
        db: bossDb(tx),
        priority,
        singletonKey: taskId,
        group: { id: accountId, tier: accountId },
        heartbeatSeconds: times.heartbeatSeconds,
        ...(startAfter === undefined ? {} : { startAfter }),
      });
      // Both in one trip. The wake-up is heard only once the transaction is committed.
      await Promise.all(startAfter === undefined ? [sent, wake(asSql(tx))] : [sent]);
    },
    fetch: (max) => db.tx((tx) => fetchJobs(boss, tx, max, settings.maxRunning)),
    async touch(jobs) {
      if (jobs.length === 0) return [];
      const { ids } = settled(await boss.touch(QUEUE, [...jobs]));
      return jobs.filter((job) => ids.has(job.id));
    },
    async complete(job) {
      return settled(await boss.complete(QUEUE, job, undefined, { db: bossDb(db) })).ids.has(job.id);
    },
    release: (job, delayMs) =>
      db.tx(async (tx) => {
        if ((await giveBack(boss, tx, job, delayMs)) && delayMs === 0) await wake(tx);
      }),
    renew: async (job) => ((await restartClock(db, job)) ? job : null),
    reclaim: () => takeBackAll(db),
    removeQueued: (taskId, tx) => removeWaiting(asSql(tx), taskId),
    depth: async () => (await waiting(db)).count,
    oldestQueuedMs: async () => (await waiting(db)).oldestMs,
    async start() {
      await boss.start();
    },
    async stop() {
      stopped = true;
      await boss.stop({ graceful: false });
    },
  };
}

/**
 * One fetch at a time in the whole installation: the library counts and claims without a lock, and two of
 * them at once let one job too many of an account through. One job a round, because within a batch the
 * library keeps an account's limit by dropping jobs by id, not by priority.
 */
async function fetchJobs(boss: PgBoss, tx: Sql, max: number, maxRunning: number): Promise<QueueJob[]> {
  const groupConcurrency = await lockQueue(tx, maxRunning);
  const jobs: QueueJob[] = [];
  while (jobs.length < max) {
    const [job] = await boss.fetch<JobData>(QUEUE, { db: bossDb(tx), groupConcurrency });
    if (job === undefined) break;
    const { taskId, accountId } = job.data;
    const claimed: QueueJob = { id: job.id, retryCount: job.retryCount, taskId, accountId };
    if (await isHeld(tx, claimed)) await giveBack(boss, tx, claimed, HELD_PAUSE_MS);
    else jobs.push(claimed);
  }
  return jobs;
}

/** The lock and the limits in one trip. A limit changed while we wait for the lock holds from the next fetch on. */
async function lockQueue(tx: Sql, maxRunning: number): Promise<GroupConcurrencyConfig> {
  const { rows } = await tx.query<{ tiers: Record<string, number> | null }>(
    `select pg_advisory_xact_lock($1),
       (select json_object_agg(id, max_running) from accounts where max_running is not null) as tiers`,
    [LOCKS.fetch],
    "lock the queue",
  );
  return { default: maxRunning, tiers: rows[0]?.tiers ?? {} };
}

/**
 * A task can have two jobs for a moment: the one whose worker queued it again, and the new one. The queue's
 * name is part of the text: a plan for any name has every partition in it and was never kept, 2 ms a fetch.
 */
async function isHeld(tx: Sql, job: QueueJob): Promise<boolean> {
  const { rows } = await tx.query(
    `select 1 from pgboss.job
     where name = '${QUEUE}' and state = 'active' and group_id = $1 and singleton_key = $2 and id <> $3`,
    [job.accountId, job.taskId, job.id],
    "task is held",
  );
  return rows.length > 0;
}

async function giveBack(boss: PgBoss, tx: Tx, job: QueueJob, delayMs: number): Promise<boolean> {
  const { ids } = settled(await boss.fail(QUEUE, job, undefined, { db: bossDb(tx) }));
  if (!ids.has(job.id)) return false;
  await postpone(asSql(tx), job, delayMs);
  return true;
}

async function wake(sql: Sql): Promise<void> {
  await sql.query("select pg_notify('job', '')", [], "wake the workers");
}

/** The library says more than its types do. */
function settled(response: object): { ids: ReadonlySet<unknown> } {
  const ids = "settled" in response && Array.isArray(response.settled) ? response.settled : [];
  return { ids: new Set(ids) };
}
