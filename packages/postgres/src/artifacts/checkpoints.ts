import type { PostCheckpoint } from "@agency/contract";
import type { CheckpointRow } from "@agency/core";
import type { Database, Sql } from "../database.ts";
import { holdEpoch } from "./fence.ts";
import { toCheckpoint } from "./row.ts";
import type { CheckpointColumns } from "./row.ts";
import { thinCheckpoints } from "./thin-checkpoints.ts";

/** Those with a label stay, and another name for the same blob takes no room in storage that would stop it. */
const MOST_CHECKPOINTS = 1_000;

type NewCheckpoint = PostCheckpoint & { taskId: string; epoch: number; at: number };

const SELECT = `
  select c.task_id, t.account_id, c.number, c.epoch, c.label, c.turn, c.blob_id, c.base, c.head, c.branch, c.commit,
         c.session_id, t.engine, c.engine_version, b.bytes, b.sha256, b.key, c.at
  from checkpoints c join blobs b on b.id = c.blob_id join tasks t on t.id = c.task_id
  where c.task_id = $1`;

export async function listCheckpoints(db: Database, taskId: string): Promise<CheckpointRow[]> {
  const { rows } = await db.query<CheckpointColumns>(`${SELECT} order by c.number desc`, [taskId]);
  return rows.map(toCheckpoint);
}

export async function findCheckpoint(
  db: Database,
  taskId: string,
  number: number,
): Promise<CheckpointRow | null> {
  const { rows } = await db.query<CheckpointColumns>(`${SELECT} and c.number = $2`, [taskId, number]);
  return rows[0] === undefined ? null : toCheckpoint(rows[0]);
}

export function addCheckpoint(
  db: Database,
  checkpoint: NewCheckpoint,
  keep: number,
): Promise<"added" | "fenced" | "no_blob" | "full"> {
  return db.tx(async (tx) => {
    if (!(await holdEpoch(tx, checkpoint.taskId, checkpoint.epoch))) return "fenced";
    if (await isKnown(tx, checkpoint)) return "added";
    if ((await countOf(tx, checkpoint.taskId)) >= MOST_CHECKPOINTS) return "full";
    if (!(await insert(tx, checkpoint))) return "no_blob";
    await forgetBlobs(tx, await thinCheckpoints(tx, checkpoint.taskId, keep, checkpoint.at));
    await forgetUntold(tx, checkpoint);
    return "added";
  });
}

async function isKnown(tx: Sql, { taskId, epoch, number }: NewCheckpoint): Promise<boolean> {
  const { rowCount } = await tx.query(
    "select from checkpoints where task_id = $1 and epoch = $2 and attempt_number = $3",
    [taskId, epoch, number],
  );
  return rowCount === 1;
}

async function countOf(tx: Sql, taskId: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    "select count(*)::int as count from checkpoints where task_id = $1",
    [taskId],
  );
  return rows[0]?.count ?? 0;
}

/** The attempt's own, which stands in its events, as long as it goes on from what there is; else the next one. */
const NEXT_NUMBER = `
  select case when $3 > last and $3 <= last + 1000 then $3 else last + 1 end
  from (select coalesce(max(number), 0) as last from checkpoints where task_id = $1) numbers`;

/** Only of a blob the same attempt stored. Several of one blob: the same state, wanted under several names. */
async function insert(tx: Sql, checkpoint: NewCheckpoint): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into checkpoints (task_id, number, epoch, attempt_number, label, turn, blob_id, base, head, branch, commit,
                              session_id, engine_version, at)
     select b.task_id, (${NEXT_NUMBER}), $2, $3, $4, $5, b.id, $7, $8, $9, $10, $11, $12, $13
     from blobs b where b.id = $6 and b.task_id = $1 and b.epoch = $2 and b.kind = 'checkpoint'`,
    [
      checkpoint.taskId,
      checkpoint.epoch,
      checkpoint.number,
      checkpoint.label,
      checkpoint.turn,
      checkpoint.blob,
      checkpoint.base,
      checkpoint.head,
      checkpoint.branch,
      checkpoint.commit,
      checkpoint.sessionId,
      checkpoint.engineVersion,
      new Date(checkpoint.at),
    ],
  );
  return rowCount === 1;
}

/** Of checkpoints that are gone, but for what another checkpoint still is. */
export async function forgetBlobs(tx: Sql, ids: readonly string[]): Promise<void> {
  await tx.query(
    `delete from blobs b
     where b.id = any($1) and not exists (select from checkpoints c where c.blob_id = b.id)`,
    [ids],
  );
}

/** Sent, and never told of: the runner died in between, or sent it once more. It had an hour to say so. */
async function forgetUntold(tx: Sql, { taskId, blob }: NewCheckpoint): Promise<void> {
  await tx.query(
    `delete from blobs b using blobs newest
     where newest.id = $2 and b.task_id = $1 and b.kind = 'checkpoint' and b.at < newest.at - interval '1 hour'
       and not exists (select from checkpoints c where c.blob_id = b.id)`,
    [taskId, blob],
  );
}
