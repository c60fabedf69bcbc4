import type { EventType, TaskEvent } from "@agency/contract";
import type { EventReading, RowPage } from "@agency/core";
import type { Sql } from "../database.ts";

interface Row {
  last_seq: number;
  first_seq: number;
  archived_through: number;
  expired_at: Date | null;
  seq: number | null;
  at: Date;
  epoch: number;
  type: EventType;
  sanitized: boolean;
  blob_key: string | null;
  blob_bytes: number | null;
  /** As text, since what it measures is what is sent. */
  data: string;
}

const READ = `
select h.last_seq, h.archived_through, h.expired_at,
       case when h.expired_at is not null then h.last_seq + 1
            when h.archived_through > 0 then 1
            else coalesce((select seq from events where task_id = $1 order by seq limit 1), h.last_seq + 1)
       end as first_seq,
       e.seq, e.at, e.epoch, e.type, e.sanitized, e.blob_key, e.blob_bytes, e.data
from task_heads h
left join lateral (
  select * from (
    select *, sum(octet_length(data)) over (order by seq rows unbounded preceding) as bytes
    from (
      select seq, at, epoch, type, sanitized, blob_key, blob_bytes, data::text as data from events
      where task_id = $1 and seq > $2 and ($4::text[] is null or type = any($4))
        and ($5::boolean or runner_seq is null)
        and $2 >= h.archived_through and h.expired_at is null
      order by seq limit $3
    ) page
  ) summed
  where $6::bigint is null or bytes - octet_length(data) < $6
) e on true
where h.task_id = $1
order by e.seq`;

export async function readEvents(
  sql: Sql,
  taskId: string,
  after: number,
  limit: number,
  types?: readonly EventType[],
  { by, mostBytes }: EventReading = {},
): Promise<RowPage> {
  const { rows } = await sql.query<Row>(
    READ,
    [taskId, after, limit, types ?? null, by === undefined, mostBytes ?? null],
    "read events",
  );
  return {
    events: rows.flatMap((row) => (row.seq === null ? [] : [toEvent(row, row.seq)])),
    lastSeq: rows[0]?.last_seq ?? 0,
    firstSeq: rows[0]?.first_seq ?? 1,
    archivedThrough: rows[0]?.archived_through ?? 0,
    ...(rows[0]?.expired_at ? { expiredAt: rows[0].expired_at.toISOString() } : {}),
  };
}

/** What is stored was checked at ingest; it is not parsed again on every read. */
function toEvent(row: Row, seq: number): TaskEvent {
  const { at, epoch, type, sanitized, blob_key: key, blob_bytes: bytes, data } = row;
  return {
    seq,
    at: at.toISOString(),
    epoch,
    ...(sanitized ? { sanitized } : {}),
    ...(key === null || bytes === null ? {} : { blob: { key, bytes } }),
    type,
    data: JSON.parse(data),
  } as TaskEvent;
}
