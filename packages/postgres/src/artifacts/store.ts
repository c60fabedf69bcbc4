import type { ArtifactStore } from "@agency/core";
import type { Database } from "../database.ts";
import { askCheckpoint } from "./ask-checkpoint.ts";
import { addCheckpoint, findCheckpoint, listCheckpoints } from "./checkpoints.ts";
import { toBlob } from "./row.ts";
import type { BlobColumns } from "./row.ts";
import { abandonUpload, addBlob, announceUpload } from "./uploads.ts";

export function createArtifactStore(db: Database): ArtifactStore {
  return {
    announce: (upload) => announceUpload(db, upload),
    addBlob: (row) => addBlob(db, row),
    abandon: (key) => abandonUpload(db, key),
    async blobs(taskId) {
      const { rows } = await db.query<BlobColumns>("select * from blobs where task_id = $1 order by at, id", [
        taskId,
      ]);
      return rows.map(toBlob);
    },
    async blob(taskId, id) {
      const { rows } = await db.query<BlobColumns>("select * from blobs where task_id = $1 and id = $2", [
        taskId,
        id,
      ]);
      return rows[0] === undefined ? null : toBlob(rows[0]);
    },
    addCheckpoint: (checkpoint, keep) => addCheckpoint(db, checkpoint, keep),
    checkpoints: (taskId) => listCheckpoints(db, taskId),
    checkpoint: (taskId, number) => findCheckpoint(db, taskId, number),
    askCheckpoint: (taskId, ask) => askCheckpoint(db, taskId, ask),
    // What is being adopted at this moment is passed over: it may turn out to be somebody's.
    async orphans(limit) {
      const { rows } = await db.query<{ key: string }>(
        `select key from loose_objects where collect_at <= now() and coalesce(retry_at, collect_at) <= now()
         order by collect_at limit $1 for update skip locked`,
        [limit],
      );
      return rows;
    },
    async forget(keys) {
      await db.query("delete from loose_objects where key = any($1) and collect_at <= now()", [keys]);
    },
    async postpone(keys, forMs) {
      await db.query(
        "update loose_objects set retry_at = now() + $2 * interval '1 millisecond' where key = any($1)",
        [keys, forMs],
      );
    },
  };
}
