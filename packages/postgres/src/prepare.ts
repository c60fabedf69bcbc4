import type { Database } from "./database.ts";
import { ensurePartitions } from "./events/partitions.ts";
import { migrate } from "./migrate.ts";
import { installQueue } from "./queue/install.ts";

/** Everything a database needs before the server can use it. Safe to repeat, and from several processes at once. */
export async function prepareDatabase(db: Database, now: number): Promise<void> {
  await migrate(db);
  await ensurePartitions(db, now);
  await installQueue(db);
}
