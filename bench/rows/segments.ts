import { archiveDue, createArchivedEvents, systemClock, uuidv7 } from "@agency/control";
import type { EventStore, ReadyEvent } from "@agency/core";
import { createEventArchive, createEventStore, DEFAULT_ACCOUNT_ID } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import { openLocalStorage } from "@agency/storage";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withPostgres } from "../lab/postgres.ts";
import type { Bench, Row } from "../row.ts";
import { times } from "../row.ts";
import { interleave, median } from "../stats.ts";

const EVENTS = 100_000;
const PAGE = 500;
const TARGET = 0.5;

/** Reading a log that has moved to storage against reading it from its rows, and the room each takes. */
export const segmentsBench: Bench = async ({ quick }) => {
  const folder = await mkdtemp(join(tmpdir(), "agency-bench-segments-"));
  try {
    return await withPostgres((db) => measure(db, folder, quick ? 3 : 7));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

async function measure(db: Database, folder: string, rounds: number): Promise<Row[]> {
  const storage = await openLocalStorage(folder);
  const rows = createEventStore(db, systemClock);
  const archive = createEventArchive(db);
  const [kept, moved] = [await newTask(db), await newTask(db)];
  await fill(rows, kept);
  const sizeOfOne = await sizeOfRows(db);
  await fill(rows, moved);
  await db.query("update task_heads set closed = true where task_id = $1", [moved]);
  await db.query("update tasks set state = 'completed', finished_at = '2020-01-01' where id = $1", [moved]);
  await archiveDue({ rows, archive, storage }, Date.now(), new AbortController().signal);
  const samples = await interleave(rounds, {
    ours: () => readAll(createArchivedEvents({ rows, archive, storage }), moved),
    theirs: () => readAll(rows, kept),
  });
  const [a, b] = [median(samples["ours"] ?? []), median(samples["theirs"] ?? [])];
  const { rows: sums } = await db.query<{ bytes: number }>(
    "select sum(bytes)::bigint as bytes from event_segments",
  );
  const stored = sums[0]?.bytes ?? 0;
  return [
    {
      what: `reading ${EVENTS.toLocaleString("en")} archived events`,
      against: "reading their rows",
      ours: rate(a),
      theirs: rate(b),
      ratio: times(a / b),
      target: `≥ ${TARGET}×`,
      met: a / b >= TARGET,
    },
    {
      what: `room of ${EVENTS.toLocaleString("en")} archived events`,
      against: "their rows and index",
      ours: mb(stored),
      theirs: mb(sizeOfOne),
      ratio: times(stored / sizeOfOne),
      target: "≤ 0.25×",
      met: stored / sizeOfOne <= 0.25,
    },
  ];
}

const rate = (perSecond: number) => `${Math.round(perSecond / 1_000)}k/s`;
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

async function newTask(db: Database): Promise<string> {
  const id = uuidv7(Date.now());
  await db.query(
    `with task as (
       insert into tasks (id, account_id, state, attempts_left, name, prompt, engine, provider, spec, created_at)
       values ($1, $2, 'running', 3, 'n', 'p', 'claude', 'local', '{}', now()) returning id)
     insert into task_heads (task_id, epoch) select id, 1 from task`,
    [id, DEFAULT_ACCOUNT_ID],
  );
  return id;
}

async function fill(store: EventStore, taskId: string): Promise<void> {
  for (let from = 1; from <= EVENTS; from += 1_000) {
    const events = Array.from({ length: 1_000 }, (_, i) => eventOf(from + i));
    await store.append({ taskId, epoch: 1, from, events });
  }
}

/** About 400 bytes: a line of a program's output with words that differ. */
function eventOf(n: number): ReadyEvent {
  const at = new Date(1_700_000_000_000 + n * 37).toISOString();
  const words = Array.from({ length: 40 }, (_, i) =>
    ((n * 2_654_435_761 + i * 40_503 * n) >>> 7).toString(36),
  );
  return { type: "log", at, data: { stream: "stdout", text: words.join(" ") } };
}

async function sizeOfRows(db: Database): Promise<number> {
  const { rows } = await db.query<{ bytes: number }>(
    "select sum(pg_total_relation_size(inhrelid))::bigint as bytes from pg_inherits where inhparent = 'events'::regclass",
  );
  return rows[0]?.bytes ?? 0;
}

async function readAll(store: EventStore, taskId: string): Promise<number> {
  const from = performance.now();
  let after = 0;
  while (after < EVENTS) {
    const { events } = await store.read(taskId, after, PAGE);
    after = events.at(-1)?.seq ?? EVENTS;
  }
  return EVENTS / ((performance.now() - from) / 1000);
}
