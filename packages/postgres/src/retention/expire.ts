import type { RetentionPart } from "@agency/core";
import { forgetBlobs } from "../artifacts/checkpoints.ts";
import type { Sql } from "../database.ts";

/** Objects go, the rows stay and say what there was. */
async function expireBlobs(tx: Sql, taskId: string, now: Date, which: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `with gone as (
       update blobs b set expired_at = $2 where task_id = $1 and expired_at is null and ${which}
       returning key)
     insert into loose_objects (key, collect_at) select key, now() from gone
     on conflict (key) do update set collect_at = excluded.collect_at, task_id = null`,
    [taskId, now],
  );
  return (rowCount ?? 0) > 0;
}

/** What a task began with is also what the work of those that go on from it fits. */
const UNUSED_UPLOAD = `kind = 'upload' and not exists (
  select from tasks c where c.spec -> 'resume' ->> 'taskId' = b.task_id::text and c.spec -> 'resume' <> 'null')`;

/** What goes at the end of each part's time; says whether there was anything. Objects are left to the collector. */
export const EXPIRE: Record<RetentionPart, (tx: Sql, taskId: string, now: Date) => Promise<boolean>> = {
  async events(tx, taskId, now) {
    const { rowCount } = await tx.query(
      `update task_heads h set expired_at = $2, archived_through = 0,
         last_at = coalesce((select at from events where task_id = $1 and seq = h.last_seq), h.last_at)
       where task_id = $1 and expired_at is null`,
      [taskId, now],
    );
    if (rowCount !== 1) return false;
    await tx.query("delete from event_segments where task_id = $1", [taskId]);
    await tx.query(
      `insert into removals (task_id, part, due_at) values ($1, 'events', now())
       on conflict (task_id, part) do nothing`,
      [taskId],
    );
    return true;
  },

  artifacts: (tx, taskId, now) => expireBlobs(tx, taskId, now, "kind not in ('checkpoint', 'upload')"),

  async checkpoints(tx, taskId, now) {
    const isUploadGone = await expireBlobs(tx, taskId, now, UNUSED_UPLOAD);
    const { rows } = await tx.query<{ blob_id: string }>(
      `delete from checkpoints
       where task_id = $1 and label is null
         and number < (select max(number) from checkpoints where task_id = $1)
       returning blob_id`,
      [taskId],
    );
    await forgetBlobs(
      tx,
      rows.map((row) => row.blob_id),
    );
    return isUploadGone || rows.length > 0;
  },
};
