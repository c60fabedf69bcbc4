import type { AppendResult, AppendVerdict, EventAppend } from "@agency/core";
import type { Sql } from "../database.ts";

/**
 * One statement for many tasks: lock each head, judge, number, insert, notify once.
 * closed: the log has ended · fenced: another epoch · gap: an earlier number is missing · else ok.
 * Of redelivered runner numbers only the new ones are inserted, and only their share of the bytes is counted. The heads are locked in task order,
 * so two processes flushing the same tasks cannot deadlock.
 */
const APPEND = `
with input as (
  select (x ->> 't')::uuid as task_id, (x ->> 'e')::int as given_epoch, (x ->> 'f')::bigint as first_seq,
         x -> 'v' as items, jsonb_array_length(x -> 'v') as n, (x ->> 'c')::boolean as closes,
         (x ->> 'b')::bigint as bytes
  from jsonb_array_elements($1::jsonb) x
), head as (
  select h.task_id, h.last_seq, h.runner_seq, h.epoch, h.closed, i.given_epoch, i.first_seq, i.items, i.n, i.closes,
         i.bytes
  from task_heads h join input i on i.task_id = h.task_id
  order by h.task_id for update of h
), judged as (
  select *,
    case when closed then 'closed'
         when epoch <> given_epoch then 'fenced'
         when first_seq > runner_seq + 1 then 'gap'
         else 'ok' end as verdict,
    case when first_seq is null then 0 else least(n, greatest(0, runner_seq - first_seq + 1)) end as skip
  from head
), bumped as (
  update task_heads h
  set last_seq = j.last_seq + j.n - j.skip,
      runner_seq = case when j.first_seq is null then j.runner_seq
                        else greatest(j.runner_seq, j.first_seq + j.n - 1) end,
      closed = j.closes,
      bytes = h.bytes + j.bytes * (j.n - j.skip) / j.n
  from judged j
  where h.task_id = j.task_id and j.verdict = 'ok' and j.n > j.skip
  returning h.task_id, h.last_seq, h.runner_seq
), inserted as (
  insert into events (task_id, seq, at, epoch, runner_seq, type, sanitized, blob_key, blob_bytes, data)
  select j.task_id, j.last_seq + item.ord - j.skip, (item.v ->> 'at')::timestamptz, j.epoch,
         j.first_seq + item.ord - 1, item.v ->> 'type', coalesce((item.v ->> 'sanitized')::boolean, false),
         item.v #>> '{blob,key}', (item.v #>> '{blob,bytes}')::bigint, item.v -> 'data'
  from judged j cross join lateral jsonb_array_elements(j.items) with ordinality item (v, ord)
  where j.verdict = 'ok' and item.ord > j.skip
), news as (
  select string_agg(task_id || ':' || last_seq, ',') as pairs from bumped
)
select j.task_id, j.verdict, coalesce(b.last_seq, j.last_seq) as last_seq,
       coalesce(b.runner_seq, j.runner_seq) as runner_seq,
       (select case when pairs is not null
          then pg_notify('ev', case when length(pairs) > 7000 then '*' else pairs end) end from news) is null as quiet
from judged j left join bumped b on b.task_id = j.task_id`;

interface Row {
  task_id: string;
  verdict: AppendVerdict;
  last_seq: number;
  runner_seq: number;
}

/** At most one batch a task. Part of the caller's transaction, or one of its own. */
export function appendEvents(sql: Sql, batches: readonly EventAppend[]): Promise<AppendResult[]> {
  return appendEncoded(sql, batches.map(encodeBatch));
}

/** For events that are part of a change under the task's lock: if they cannot be written, nothing may be. */
export async function appendOrFail(tx: Sql, batch: EventAppend): Promise<void> {
  const [result] = await appendEvents(tx, [batch]);
  if (result?.verdict !== "ok") {
    throw new Error(
      `the log of task ${batch.taskId} refused an event of its own: ${result?.verdict ?? "no answer"}`,
    );
  }
}

export interface EncodedBatch {
  taskId: string;
  json: string;
}

export function encodeBatch({ taskId, epoch, from, events }: EventAppend): EncodedBatch {
  const terminal = events.findIndex(isTerminalStatus);
  if (terminal !== -1 && terminal !== events.length - 1) {
    throw new RangeError(`events after the last one of task ${taskId}`);
  }
  const items = JSON.stringify(events);
  const bytes = from === null ? 0 : bytesOf(items, events);
  const rest = JSON.stringify({ t: taskId, e: epoch, f: from, b: bytes, c: terminal !== -1 });
  return { taskId, json: `${rest.slice(0, -1)},"v":${items}}` };
}

/** What the runner makes us keep: its events and what of them is stored beside the log. */
function bytesOf(items: string, events: EventAppend["events"]): number {
  return events.reduce((sum, { blob }) => sum + (blob?.bytes ?? 0), Buffer.byteLength(items));
}

export async function appendEncoded(sql: Sql, batches: readonly EncodedBatch[]): Promise<AppendResult[]> {
  const input = `[${batches.map(({ json }) => json).join(",")}]`;
  const { rows } = await sql.query<Row>(APPEND, [input], "append events");
  const found = new Map(rows.map((row) => [row.task_id, row]));
  return batches.map(({ taskId }) => {
    const row = found.get(taskId);
    if (row === undefined) return { taskId, verdict: "missing", lastSeq: 0, runnerSeq: 0 };
    return { taskId, verdict: row.verdict, lastSeq: row.last_seq, runnerSeq: row.runner_seq };
  });
}

function isTerminalStatus({ type, data }: EventAppend["events"][number]): boolean {
  return (
    type === "status" && "state" in data && ["completed", "failed", "cancelled"].includes(String(data.state))
  );
}
