import type { SpecUpload, UploadRow, UploadStore } from "@agency/core";
import type { Database, Sql } from "../database.ts";
import { hasRoom } from "./account-room.ts";

interface UploadColumns {
  id: string;
  account_id: string;
  key: string;
  bytes: number;
  sha256: string;
  at: Date;
  expires_at: Date;
}

/** What people send for a task to go on from, until a task does. */
export function createUploadStore(db: Database): UploadStore {
  return {
    announce: (upload) => announce(db, upload),
    add: (row) => add(db, row),
    async abandon(key) {
      await db.tx(async (tx) => {
        await tx.query("delete from uploads where key = $1", [key]);
        await tx.query("update loose_objects set account_id = null, collect_at = now() where key = $1", [
          key,
        ]);
      });
    },
    async announced(accountId, id) {
      const { rows } = await db.query<Pick<UploadColumns, "key" | "bytes" | "sha256">>(
        `select key, bytes, sha256 from uploads
         where id = $1 and account_id = $2 and at is null and expires_at > now()`,
        [id, accountId],
      );
      return rows[0] === undefined ? null : { id, accountId, ...rows[0] };
    },
    async unused(accountId, id) {
      const { rows } = await db.query<UploadColumns>(
        "select * from uploads where id = $1 and account_id = $2 and at is not null and expires_at > now()",
        [id, accountId],
      );
      return rows[0] === undefined ? null : toUpload(rows[0]);
    },
  };
}

type Announced = Parameters<UploadStore["announce"]>[0];

function announce(db: Database, upload: Announced): ReturnType<UploadStore["announce"]> {
  const { id, accountId, key, bytes, sha256, lastsMs } = upload;
  return db.tx(async (tx) => {
    // One at a time: a hundred of these at once must not pass the limit together.
    await tx.query("select from accounts where id = $1 for no key update", [accountId]);
    await tx.query("delete from uploads where account_id = $1 and expires_at <= now()", [accountId]);
    const { rows } = await tx.query<{ bytes: number; count: number }>(
      "select coalesce(sum(bytes), 0)::bigint as bytes, count(*)::int as count from uploads where account_id = $1",
      [accountId],
    );
    const [kept = { bytes: 0, count: 0 }] = rows;
    if (kept.bytes + bytes > upload.maxBytes || kept.count >= upload.maxUploads) return "full";
    if (!(await hasRoom(tx, accountId, bytes, upload.maxAccountBytes ?? null))) return "no_room";
    const until = "now() + $1 * interval '1 millisecond'";
    await tx.query(
      `insert into loose_objects (key, account_id, bytes, collect_at) values ($2, $3, $4, ${until})`,
      [lastsMs, key, accountId, bytes],
    );
    await tx.query(
      `insert into uploads (id, account_id, key, bytes, sha256, expires_at) values ($2, $3, $4, $5, $6, ${until})`,
      [lastsMs, id, accountId, key, bytes, sha256],
    );
    return "announced";
  });
}

function add(db: Database, { id, key, at, expiresAt }: UploadRow): Promise<boolean> {
  return db.tx(async (tx) => {
    const until = new Date(expiresAt);
    const kept = await tx.query(
      "update loose_objects set collect_at = $2 where key = $1 and collect_at > clock_timestamp()",
      [key, until],
    );
    if (kept.rowCount !== 1) return false;
    const added = await tx.query("update uploads set at = $2, expires_at = $3 where id = $1 and at is null", [
      id,
      new Date(at),
      until,
    ]);
    return added.rowCount === 1;
  });
}

/** For a task that is being made, in its own transaction: from then on the object is the task's. */
export async function useUpload(
  tx: Sql,
  accountId: string,
  taskId: string,
  { id, key }: Pick<SpecUpload, "id" | "key">,
): Promise<boolean> {
  const taken = await tx.query(
    "delete from loose_objects where key = $1 and collect_at > clock_timestamp()",
    [key],
  );
  if (taken.rowCount !== 1) return false;
  const { rowCount } = await tx.query(
    `with used as (delete from uploads where id = $1 and account_id = $2 and key = $3 and at is not null returning *)
     insert into blobs (id, task_id, account_id, epoch, kind, name, key, bytes, sha256, media_type, at)
     select id, $4, account_id, 0, 'upload', 'upload.tar', key, bytes, sha256, 'application/x-tar', at from used`,
    [id, accountId, key, taskId],
  );
  return rowCount === 1;
}

function toUpload({ account_id, at, expires_at, ...row }: UploadColumns): UploadRow {
  return { ...row, accountId: account_id, at: at.getTime(), expiresAt: expires_at.getTime() };
}
