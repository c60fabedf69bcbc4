import { MAX_STARTS } from "@agency/core";
import type { CreateOutcome, Idempotency, NewTask, Queue } from "@agency/core";
import { addAuditRow } from "../audit/log.ts";
import type { Database, Sql } from "../database.ts";
import { useUpload } from "../artifacts/upload-store.ts";
import { appendOrFail } from "../events/append.ts";
import { selectTask } from "./select.ts";
import { toTask } from "./view.ts";

export async function createTaskRow(
  db: Database,
  queue: Queue,
  task: NewTask,
  idempotency: Idempotency | null,
): Promise<CreateOutcome> {
  return db
    .tx<CreateOutcome>(async (tx) => {
      const earlier = idempotency === null ? null : await claimKey(tx, task, idempotency);
      if (earlier === "mismatch") return { kind: "mismatch" };
      if (earlier !== null) return replay(tx, earlier.taskId);
      if (task.parentId !== null && !(await exists(tx, task.accountId, task.parentId))) {
        throw new Missing("no_parent");
      }
      if (!(await holdCheckpoint(tx, task.accountId, task.spec))) {
        throw new Missing("no_checkpoint");
      }
      const state = task.notBefore === null ? "queued" : "scheduled";
      const job = { taskId: task.id, accountId: task.accountId, priority: task.priority };
      // Given together, they travel together.
      await Promise.all([
        insertTask(tx, task, state),
        task.secrets.length === 0 ? null : insertSecrets(tx, task),
        task.audit === null ? null : addAuditRow(tx, task.audit),
        appendOrFail(tx, {
          taskId: task.id,
          epoch: 0,
          from: null,
          events: [{ type: "status", data: { state }, at: new Date().toISOString() }],
        }),
        state === "queued" ? queue.enqueue(job, tx) : null,
      ]);
      await takeUpload(tx, task);
      const row = await selectTask(tx, task.id);
      if (row === null) throw new Error(`task ${task.id} vanished inside its own transaction`);
      return { kind: "created" as const, task: toTask(row) };
    })
    .catch((error: unknown) => {
      if (error instanceof Missing) return { kind: error.what };
      throw error;
    });
}

/** Of a task that goes on from what another one began with it stays the other one's. */
async function takeUpload(tx: Sql, { id, accountId, spec: { upload, resume } }: NewTask): Promise<void> {
  if (upload !== null && resume === null && !(await useUpload(tx, accountId, id, upload)))
    throw new Missing("no_upload");
}

/** Thrown, not returned, so that the idempotency row is rolled back with the rest. */
class Missing extends Error {
  readonly what: "no_parent" | "no_checkpoint" | "no_upload";

  constructor(what: Missing["what"]) {
    super(what);
    this.what = what;
  }
}

/** The insert waits for a concurrent request with the same key; whoever comes second sees the first one's task. */
async function claimKey(
  tx: Sql,
  task: NewTask,
  { route, key, fingerprint }: Idempotency,
): Promise<{ taskId: string } | "mismatch" | null> {
  const inserted = await tx.query(
    `insert into idempotency_keys (account_id, route, key, fingerprint, task_id) values ($1, $2, $3, $4, $5)
     on conflict (account_id, route, key) do nothing`,
    [task.accountId, route, key, Buffer.from(fingerprint), task.id],
  );
  return inserted.rowCount === 1 ? null : knownKey(tx, task.accountId, { route, key, fingerprint });
}

async function knownKey(
  sql: Sql,
  accountId: string,
  { route, key, fingerprint }: Idempotency,
): Promise<{ taskId: string } | "mismatch" | null> {
  const { rows } = await sql.query<{ fingerprint: Buffer; task_id: string }>(
    `select fingerprint, task_id from idempotency_keys where account_id = $1 and route = $2 and key = $3`,
    [accountId, route, key],
  );
  const [row] = rows;
  if (row === undefined) return null;
  return row.fingerprint.equals(fingerprint) ? { taskId: row.task_id } : "mismatch";
}

export async function replayTask(
  sql: Sql,
  accountId: string,
  idempotency: Idempotency,
): Promise<CreateOutcome | null> {
  const known = await knownKey(sql, accountId, idempotency);
  if (known === null) return null;
  return known === "mismatch" ? { kind: "mismatch" } : replay(sql, known.taskId);
}

async function replay(tx: Sql, taskId: string): Promise<CreateOutcome> {
  const row = await selectTask(tx, taskId);
  return row === null ? { kind: "mismatch" } : { kind: "replayed", task: toTask(row) };
}

async function exists(tx: Sql, accountId: string, id: string): Promise<boolean> {
  const { rowCount } = await tx.query("select 1 from tasks where id = $1 and account_id = $2", [
    id,
    accountId,
  ]);
  return rowCount === 1;
}

/**
 * Locked until the task that needs it is there to be seen: deleting the other task, or forgetting its old
 * checkpoints, comes either before this or after all of it.
 */
async function holdCheckpoint(
  tx: Sql,
  accountId: string,
  { resume, upload }: Pick<NewTask["spec"], "resume" | "upload">,
): Promise<boolean> {
  if (resume === null) return true;
  const { taskId, checkpoint } = resume;
  const held = await tx.query("select from tasks where id = $1 and account_id = $2 for share", [
    taskId,
    accountId,
  ]);
  if (held.rowCount !== 1) return false;
  const { rowCount } =
    upload === null
      ? await tx.query("select from checkpoints where task_id = $1 and number = $2", [taskId, checkpoint])
      : await tx.query("select from blobs where task_id = $1 and key = $2 and expired_at is null", [
          taskId,
          upload.key,
        ]);
  return rowCount === 1;
}

async function insertTask(tx: Sql, task: NewTask, state: "queued" | "scheduled"): Promise<void> {
  await tx.query(
    `with task as (
       insert into tasks (id, account_id, state, attempts_left, name, prompt, engine, model, provider, spec, labels,
                          priority, not_before, parent_id, hidden, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) returning id
     )
     insert into task_heads (task_id, last_seq, epoch, runner_seq) select id, 0, 0, 0 from task`,
    [
      task.id,
      task.accountId,
      state,
      MAX_STARTS,
      task.name,
      task.prompt,
      task.engine,
      task.model,
      task.provider,
      JSON.stringify(task.spec),
      JSON.stringify(task.labels),
      task.priority,
      task.notBefore === null ? null : new Date(task.notBefore),
      task.parentId,
      task.hidden,
      new Date(),
    ],
  );
}

async function insertSecrets(tx: Sql, { id, accountId, secrets }: NewTask): Promise<void> {
  await tx.query(
    `insert into task_secrets (task_id, account_id, name, key_id, wrapped_key, sealed)
     select $1, $2, * from unnest($3::text[], $4::text[], $5::bytea[], $6::bytea[])`,
    [
      id,
      accountId,
      secrets.map(({ name }) => name),
      secrets.map(({ secret }) => secret.keyId),
      secrets.map(({ secret }) => Buffer.from(secret.wrappedKey)),
      secrets.map(({ secret }) => Buffer.from(secret.sealed)),
    ],
  );
}
