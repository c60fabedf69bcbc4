import type { EventType } from "@agency/contract";
import type { EventArchive, EventSegment } from "@agency/core";
import type { Database, Sql } from "../database.ts";

interface SegmentColumns {
  task_id: string;
  first_seq: number;
  last_seq: number;
  types: EventType[];
  key: string;
  bytes: number;
  raw_bytes: number;
  sha256: string;
}

export function createEventArchive(db: Database): EventArchive {
  return {
    async due(before, limit) {
      const { rows } = await db.query<{ id: string }>(
        `select id from tasks where finished_at < $1 and finished_at is not null and not archived
         order by finished_at limit $2`,
        [new Date(before), limit],
      );
      return rows.map(({ id }) => id);
    },
    async announce(key, lastsMs) {
      await db.query(
        "insert into loose_objects (key, collect_at) values ($1, now() + $2 * interval '1 millisecond')",
        [key, lastsMs],
      );
    },
    add: (segment) => db.tx((tx) => add(tx, segment)),
    removeRows: (taskId, limit) => removeRows(db, taskId, limit),
    settle: (taskId) => settle(db, taskId),
    async segmentAfter(taskId, after, types) {
      const { rows } = await db.query<SegmentColumns>(
        `select task_id, first_seq, last_seq, types, key, bytes, raw_bytes, sha256 from event_segments
         where task_id = $1 and last_seq > $2 and ($3::text[] is null or types && $3)
         order by first_seq limit 1`,
        [taskId, after, types ?? null],
        "segment after",
      );
      return rows[0] === undefined ? null : toSegment(rows[0]);
    },
  };
}

/**
 * The lock on the log's head makes segments of one task follow each other, whoever writes them; from the commit on
 * readers take these events from the segment, and only then may the rows go.
 */
async function add(tx: Sql, segment: EventSegment): Promise<boolean> {
  const { taskId, firstSeq, lastSeq, types, key, bytes, rawBytes, sha256 } = segment;
  const { rowCount } = await tx.query(
    `update task_heads h set archived_through = $3,
       last_at = coalesce((select at from events where task_id = $1 and seq = h.last_seq), h.last_at)
     from tasks t
     where h.task_id = $1 and h.archived_through = $2 - 1 and h.last_seq >= $3 and h.closed and h.expired_at is null
       and t.id = h.task_id and t.finished_at is not null`,
    [taskId, firstSeq, lastSeq],
  );
  if (rowCount !== 1) return false;
  const adopted = await tx.query(
    "delete from loose_objects where key = $1 and collect_at > clock_timestamp()",
    [key],
  );
  if (adopted.rowCount !== 1) throw new Error(`the upload of ${key} took longer than it was announced for`);
  await tx.query(
    `insert into event_segments (task_id, first_seq, last_seq, types, key, bytes, raw_bytes, sha256)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [taskId, firstSeq, lastSeq, types, key, bytes, rawBytes, sha256],
  );
  return true;
}

/** Numbers have no gap, so the lowest one left and a count make a range: no row is looked at twice. */
async function removeRows(sql: Sql, taskId: string, limit: number): Promise<number> {
  const { rowCount } = await sql.query(
    `delete from events e
     using task_heads h, (select min(seq) as first from events where task_id = $1) low
     where h.task_id = $1 and e.task_id = $1 and e.seq <= h.archived_through and e.seq < low.first + $2`,
    [taskId, limit],
  );
  return rowCount ?? 0;
}

async function settle(sql: Sql, taskId: string): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update tasks t set archived = true from task_heads h
     where t.id = $1 and h.task_id = t.id and t.finished_at is not null
       and (h.expired_at is not null or h.archived_through = h.last_seq)
       and not exists (select from events e where e.task_id = $1)`,
    [taskId],
  );
  return rowCount === 1;
}

function toSegment(row: SegmentColumns): EventSegment {
  const { task_id, first_seq, last_seq, raw_bytes, ...rest } = row;
  return { ...rest, taskId: task_id, firstSeq: first_seq, lastSeq: last_seq, rawBytes: raw_bytes };
}
