import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase, prepareDatabase, startEmbeddedPostgres } from "@agency/postgres";
import type { Database } from "@agency/postgres";

export const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** A real cluster with fsync on, as a user's is. */
export async function withPostgres<T>(
  use: (db: Database, connectionString: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "agency-bench-"));
  // As root, the database runs as another user, who must be able to pass.
  await chmod(folder, 0o711);
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, "data"),
    runtimeDir: join(folder, "run"),
    logger: silent,
  });
  const db = openDatabase({ connectionString: server.connectionString, max: 16 });
  try {
    await prepareDatabase(db, Date.now());
    const result = await use(db, server.connectionString);
    await othersGone(db);
    return result;
  } finally {
    await db.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Peers end their connections a moment after they say so; one the server ends would end this process. */
async function othersGone(db: Database): Promise<void> {
  for (const end = Date.now() + 5_000; Date.now() < end; await sleep(20)) {
    const { rows } = await db.query<{ others: number }>(
      "select count(*) as others from pg_stat_activity where backend_type = 'client backend' and application_name not like 'agency%'",
    );
    if (rows[0]?.others === 0) return;
  }
}
