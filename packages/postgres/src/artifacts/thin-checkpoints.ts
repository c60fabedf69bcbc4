import { checkpointsToForget } from "@agency/core";
import type { Sql } from "../database.ts";

interface Columns {
  number: number;
  at: Date;
  label: string | null;
  is_used: boolean;
}

/** Tasks that were started from it count as long as they are there, whether they have ended or not. */
const CHECKPOINTS = `
  select c.number, c.at, c.label, exists (
    select from tasks t
    where t.spec -> 'resume' ->> 'taskId' = c.task_id::text and t.spec -> 'resume' <> 'null'
      and (t.spec -> 'resume' ->> 'checkpoint')::int = c.number) as is_used
  from checkpoints c where c.task_id = $1`;

/** Removes those that need not be kept; the blobs they were of. */
export async function thinCheckpoints(tx: Sql, taskId: string, keep: number, now: number): Promise<string[]> {
  const { rows } = await tx.query<Columns>(CHECKPOINTS, [taskId]);
  const checkpoints = rows.map(({ at, is_used, ...row }) => ({ ...row, at: at.getTime(), isUsed: is_used }));
  const numbers = checkpointsToForget(checkpoints, keep, now);
  if (numbers.length === 0) return [];
  const gone = await tx.query<{ blob_id: string }>(
    "delete from checkpoints where task_id = $1 and number = any($2) returning blob_id",
    [taskId, numbers],
  );
  return gone.rows.map(({ blob_id }) => blob_id);
}
