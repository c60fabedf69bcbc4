import { runnerEventBodySchema } from "@agency/contract";
import { createEventRate, createLogRedactions, ingest, systemClock, uuidv7 } from "@agency/control";
import { createRedactor } from "@agency/core";
import type { EventBatch } from "@agency/contract";
import type { AttemptAccess, EventStore } from "@agency/core";
import { createEventStore } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import { silent, withPostgres } from "../lab/postgres.ts";
import { ms } from "../row.ts";
import type { Bench } from "../row.ts";
import { interleave, median } from "../stats.ts";

const BATCH = 500;
/** Tasks that stream at once, in both arms: a connection each for the peer, what ingest makes of it for us. */
const STREAMS = 4;
const ACCOUNT = "00000000-0000-7000-8000-000000000001";

/** Validated, redacted, numbered and fenced events against the plainest batched insert of the same rows. */
export const ingestBench: Bench = async ({ quick }) =>
  withPostgres(async (db) => {
    await db.query(
      "create table raw_events (task_id uuid, seq bigint, at timestamptz, type text, data jsonb, primary key (task_id, seq))",
    );
    const batches = quick ? 10 : 30;
    const samples = await interleave(quick ? 5 : 9, {
      ours: () => timed(() => streams(ours, db, batches)),
      theirs: () => timed(() => streams(raw, db, batches)),
    });
    const [a, b] = [median(samples["ours"]?.slice(1) ?? []), median(samples["theirs"]?.slice(1) ?? [])];
    const rate = (duration: number) =>
      `${Math.round((STREAMS * batches * BATCH * 1000) / duration).toLocaleString("en")} events/s`;
    const share = b / a;
    return [
      {
        what: `event ingest with validation and redaction, ${STREAMS} tasks at once, batches of ${BATCH} (${ms(a / batches)} each)`,
        against: "raw batched insert",
        ours: rate(a),
        theirs: rate(b),
        ratio: `${Math.round(share * 100)} %`,
        target: "≥ 60 %",
        met: share >= 0.6,
      },
    ];
  });

/** Read from JSON, as both arms would get it: what `repeat` gives is put together only when it is read. */
const body = runnerEventBodySchema.parse(
  JSON.parse(
    JSON.stringify({
      type: "log",
      data: {
        stream: "stdout",
        text: "a line of the length that a line of a build usually has, give or take a word ".repeat(4),
      },
    }),
  ),
);

/** Ours share one event store, as the tasks of one server do. */
async function streams(stream: Stream, db: Database, batches: number): Promise<void> {
  const events = createEventStore(db, systemClock);
  await Promise.all(Array.from({ length: STREAMS }, () => stream(db, batches, events)));
}

type Stream = (db: Database, batches: number, events: EventStore) => Promise<void>;

async function ours(db: Database, batches: number, store: EventStore): Promise<void> {
  const taskId = await newTask(db);
  const { redactor } = createRedactor([{ name: "key", value: "sk-ant-0123456789abcdef0123456789abcdef" }]);
  const deps = {
    events: store,
    storage: {
      put: async () => {},
      get: async () => null,
      delete: async () => {},
      deletePrefix: async () => {},
    },
    metrics: { eventsIngested() {}, eventsRefused() {} } as never,
    logger: silent,
    rate: createEventRate(() => Date.now()),
    redactions: createLogRedactions({ redactorFor: async () => redactor }),
    onActivity() {},
    now: () => Date.now(),
  };
  const access = { taskId, attemptId: taskId, epoch: 0, eventsPerSecond: 1e9 } as AttemptAccess;
  const at = new Date().toISOString();
  const events = Array.from({ length: BATCH }, () => ({ at, ...body })) as EventBatch["events"];
  for (let i = 0; i < batches; i += 1) await ingest(deps, access, { from: i * BATCH + 1, events });
}

async function raw(db: Database, batches: number): Promise<void> {
  const taskId = uuidv7(Date.now());
  const rows = Array.from({ length: BATCH }, () => body);
  for (let i = 0; i < batches; i += 1) {
    await db.query(
      `insert into raw_events (task_id, seq, at, type, data)
       select $1, $2 + ord, now(), x ->> 'type', x -> 'data' from jsonb_array_elements($3::jsonb) with ordinality z (x, ord)`,
      [taskId, i * BATCH, JSON.stringify(rows)],
    );
  }
}

async function newTask(db: Database): Promise<string> {
  const id = uuidv7(Date.now());
  await db.query(
    `insert into tasks (id, account_id, state, attempts_left, name, prompt, engine, provider, spec, created_at)
     values ($1, $2, 'running', 1, 'bench', 'bench', 'command', 'local', '{}', now())`,
    [id, ACCOUNT],
  );
  await db.query("insert into task_heads (task_id) values ($1)", [id]);
  return id;
}

async function timed(run: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await run();
  return performance.now() - from;
}
