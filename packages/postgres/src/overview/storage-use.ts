import type { StorageUse } from "@agency/contract";
import type { Database } from "../database.ts";

const MOST_TASKS = 10;

export async function readStorageUse(db: Database, accountId: string): Promise<Omit<StorageUse, "storage">> {
  const [kinds, largest, size] = await Promise.all([
    db.query<StorageUse["kinds"][number]>(
      `select kind, sum(bytes)::float8 as bytes, count(*)::int as count from blobs
       where account_id = $1 group by 1 order by 2 desc`,
      [accountId],
    ),
    db.query<StorageUse["largest"][number]>(
      `select t.id as "taskId", t.name, b.bytes from (
         select task_id, sum(bytes)::float8 as bytes from blobs where account_id = $1
         group by 1 order by 2 desc limit ${MOST_TASKS}
       ) b join tasks t on t.id = b.task_id where not t.hidden order by b.bytes desc`,
      [accountId],
    ),
    db.query<{ bytes: number }>("select pg_database_size(current_database()) as bytes"),
  ]);
  return {
    kinds: kinds.rows,
    largest: largest.rows,
    blobBytes: kinds.rows.reduce((sum, { bytes }) => sum + bytes, 0),
    blobs: kinds.rows.reduce((sum, { count }) => sum + count, 0),
    databaseBytes: size.rows[0]?.bytes ?? 0,
  };
}
