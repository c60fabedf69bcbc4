import type { Sql } from "../database.ts";
import { createBoss, LEASE_TIMES, POLICY, QUEUE, QUEUE_OPTIONS } from "./boss.ts";

/** The queue's own schema, made and kept up to date by the library that owns it. Safe to repeat and to race. */
export async function installQueue(sql: Sql): Promise<void> {
  const boss = createBoss(sql, LEASE_TIMES);
  await boss.start();
  try {
    await boss.createQueue(QUEUE, { policy: POLICY, ...QUEUE_OPTIONS });
    await boss.updateQueue(QUEUE, QUEUE_OPTIONS);
  } finally {
    await boss.stop({ graceful: false });
  }
}
