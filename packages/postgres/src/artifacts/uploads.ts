import type { ArtifactStore, BlobRow, Upload } from "@agency/core";
import type { Database, Sql } from "../database.ts";
import { hasRoom } from "./account-room.ts";
import { holdEpoch } from "./fence.ts";

type Announced = Awaited<ReturnType<ArtifactStore["announce"]>>;

export function announceUpload(db: Database, upload: Upload): Promise<Announced> {
  return db.tx(async (tx) => {
    if (!(await holdEpoch(tx, upload.taskId, upload.epoch))) return "fenced";
    const accountId = await ownerOf(tx, upload.taskId);
    if ((await roomFor(tx, accountId, upload, null)) !== null) {
      const verdict = await roomFor(tx, accountId, upload, upload.again);
      if (verdict !== null) return verdict;
      await giveUpEarlier(tx, upload);
    }
    await tx.query(
      `insert into loose_objects (key, task_id, account_id, bytes, collect_at)
       values ($1, $2, $3, $4, now() + $5 * interval '1 millisecond')`,
      [upload.key, upload.taskId, accountId, upload.bytes, upload.lastsMs],
    );
    return "announced";
  });
}

async function roomFor(
  tx: Sql,
  accountId: string,
  upload: Upload,
  but: string | null,
): Promise<"full" | "no_room" | null> {
  const { taskId, bytes, maxTaskBytes, maxTaskBlobs, maxAccountBytes = null } = upload;
  const kept = await keptOf(tx, taskId, but);
  if (kept.bytes + bytes > maxTaskBytes || kept.count >= maxTaskBlobs) return "full";
  return (await hasRoom(tx, accountId, bytes, maxAccountBytes, { but })) ? null : "no_room";
}

/**
 * Who sends a file again has given up the time before. The server that took it may have died, and would else keep the
 * room until its time is over: a server that dies again and again would let nothing more be kept for a day.
 */
async function giveUpEarlier(tx: Sql, { taskId, again }: Upload): Promise<void> {
  await tx.query(
    "update loose_objects set task_id = null, account_id = null where task_id = $1 and starts_with(key, $2)",
    [taskId, again],
  );
}

async function ownerOf(tx: Sql, taskId: string): Promise<string> {
  const { rows } = await tx.query<{ account_id: string }>("select account_id from tasks where id = $1", [
    taskId,
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error(`task ${taskId} went while its epoch was held`);
  return row.account_id;
}

/** Blobs and uploads under way: a hundred of these at once must not pass the limit together. */
async function keptOf(
  tx: Sql,
  taskId: string,
  but: string | null,
): Promise<{ bytes: number; count: number }> {
  const { rows } = await tx.query<{ bytes: number; count: number }>(
    `select coalesce(sum(bytes), 0)::bigint as bytes, count(*)::int as count from (
       select bytes from blobs where task_id = $1
       union all select bytes from loose_objects
         where task_id = $1 and collect_at > now() and ($2::text is null or not starts_with(key, $2))
     ) kept`,
    [taskId, but],
  );
  return rows[0] ?? { bytes: 0, count: 0 };
}

/**
 * Adopts the object before it is due: from then on only the collector has it, which never looks back. By the clock, not
 * by the start of the transaction, which may have waited for its task while the collector took the object.
 */
export function addBlob(db: Database, row: Omit<BlobRow, "accountId">): Promise<boolean> {
  return db.tx(async (tx) => {
    if (!(await holdEpoch(tx, row.taskId, row.epoch))) return false;
    const adopted = await tx.query(
      "delete from loose_objects where key = $1 and task_id = $2 and collect_at > clock_timestamp()",
      [row.key, row.taskId],
    );
    if (adopted.rowCount !== 1) return false;
    await tx.query(
      `delete from blobs
       where task_id = $1 and kind = $2 and md5(name) = md5($3) and kind <> 'checkpoint'`,
      [row.taskId, row.kind, row.name],
    );
    await insertBlob(tx, row);
    return true;
  });
}

async function insertBlob(tx: Sql, row: Omit<BlobRow, "accountId">): Promise<void> {
  await tx.query(
    `insert into blobs (id, task_id, account_id, epoch, kind, name, key, bytes, sha256, media_type, at)
     select $1, id, account_id, $3, $4, $5, $6, $7, $8, $9, $10 from tasks where id = $2`,
    [
      row.id,
      row.taskId,
      row.epoch,
      row.kind,
      row.name,
      row.key,
      row.bytes,
      row.sha256,
      row.mediaType,
      new Date(row.at),
    ],
  );
}

export async function abandonUpload(db: Database, key: string): Promise<void> {
  await db.query(
    "update loose_objects set task_id = null, account_id = null, collect_at = now() where key = $1",
    [key],
  );
}
