import type { ScannedObject, StorageScan } from "@agency/core";
import type { Database, Sql } from "../database.ts";

/** A row is written a moment after its object at most; one that is younger than this is not looked for. */
const SETTLED = "now() - interval '1 hour'";

/**
 * Keys are never used twice and rows come only of announced objects, so an object that has neither row nor
 * announcement will never have one.
 */
const GIVE_UP = `
insert into loose_objects (key, collect_at)
select o.key, now() from unnest($1::text[], $2::uuid[], $3::text[]) o (key, task_id, folder)
where not exists (select from loose_objects l where l.key = o.key)
  and case
    when o.task_id is null then not exists (select from uploads u where u.key = o.key)
      and not exists (select from blobs b where b.key = o.key and b.expired_at is null)
    when o.folder = 'blobs' then not exists (select from blobs b where b.key = o.key and b.expired_at is null)
    when o.folder = 'segments' then not exists (select from event_segments s where s.key = o.key)
    when o.folder = 'events' then not exists (
      select from task_heads h where h.task_id = o.task_id and h.expired_at is null)
    else not exists (select from tasks t where t.id = o.task_id)
  end
on conflict (key) do nothing`;

const UNLISTED = `
select key from (
  select key from blobs where key > $1 and key <= $2 and expired_at is null and at < ${SETTLED}
  union all
  select key from event_segments where key > $1 and key <= $2 and at < ${SETTLED}
) named where not (key = any ($3))`;

export function createStorageScan(db: Database): StorageScan {
  return {
    async take(forMs) {
      const { rows } = await db.query<{ after: string | null }>(
        `update storage_scan set due_at = now() + $1 * interval '1 millisecond' where due_at <= now()
         returning after`,
        [forMs],
      );
      return rows[0] ?? null;
    },
    async save(after, forMs) {
      await db.query("update storage_scan set after = $1, due_at = now() + $2 * interval '1 millisecond'", [
        after,
        forMs,
      ]);
    },
    async giveUp(objects) {
      const { rowCount } = await db.query(GIVE_UP, columns(objects));
      return rowCount ?? 0;
    },
    async unlisted(after, through, listed) {
      const { rows } = await db.query<{ key: string }>(UNLISTED, [after, through, listed]);
      return rows.map(({ key }) => key);
    },
    markMissing: (keys) => db.tx((tx) => markMissing(tx, keys)),
    async markFound(keys) {
      await db.query("update blobs set missing_at = null where missing_at is not null and key = any ($1)", [
        keys,
      ]);
      await db.query(
        "update event_segments set missing_at = null where missing_at is not null and key = any ($1)",
        [keys],
      );
    },
  };
}

function columns(objects: readonly ScannedObject[]) {
  return [
    objects.map(({ key }) => key),
    objects.map(({ taskId }) => taskId),
    objects.map(({ folder }) => folder),
  ];
}

async function markMissing(tx: Sql, keys: readonly string[]): Promise<string[]> {
  const tables = ["blobs", "event_segments"];
  const marked = [];
  for (const table of tables) {
    const { rows } = await tx.query<{ key: string }>(
      `update ${table} set missing_at = now() where missing_at is null and key = any ($1) returning key`,
      [keys],
    );
    marked.push(...rows.map(({ key }) => key));
  }
  return marked;
}
