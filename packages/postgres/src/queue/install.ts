import type { Database, Sql } from "../database.ts";
import { LOCKS } from "../locks.ts";
import { createBoss, LEASE_TIMES, POLICY, QUEUE, QUEUE_OPTIONS } from "./boss.ts";

/**
 * The queue's own schema, made and kept up to date by the library that owns it. Under a lock of ours: its
 * first installation does not survive two processes at once.
 */
export async function installQueue(db: Database): Promise<void> {
  await db.session(async (sql) => {
    await sql.query("select pg_advisory_lock($1)", [LOCKS.migrate]);
    await install(sql);
  });
}

async function install(sql: Sql): Promise<void> {
  const boss = createBoss(sql, LEASE_TIMES);
  // Its upkeep starts along with it and may still be under way when we are done. Nothing depends on it here.
  boss.on("error", () => {});
  await boss.start();
  try {
    await boss.createQueue(QUEUE, { policy: POLICY, ...QUEUE_OPTIONS });
    await boss.updateQueue(QUEUE, QUEUE_OPTIONS);
  } finally {
    await boss.stop({ graceful: false });
  }
}
