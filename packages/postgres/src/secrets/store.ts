import type { AuditRow, SecretRow, SecretStore } from "@agency/core";
import { addAuditRow } from "../audit/log.ts";
import type { Database, Sql } from "../database.ts";
import { rewrap, rewrapTaskSecret, taskSecretsWrappedWithOther, wrappedWithOther } from "./rewrap.ts";
import { toSealed, toSecret } from "./row.ts";
import type { SealedColumns, SecretColumns } from "./row.ts";

export function createSecretStore(db: Database): SecretStore {
  return {
    async list(accountId) {
      const { rows } = await db.query<SecretColumns>(
        "select * from secrets where account_id = $1 order by name, project",
        [accountId],
      );
      return rows.map(toSecret);
    },
    nextVersion: (accountId, project, name) => nextVersion(db, accountId, project, name),
    put: (row, audit) => db.tx((tx) => logged(tx, put(tx, row), audit)),
    remove: (accountId, project, name, audit) =>
      db.tx((tx) => logged(tx, remove(tx, accountId, project, name), audit)),
    wrappedWithOther: (keyId, limit, after) => wrappedWithOther(db, keyId, limit, after),
    rewrap: (row) => rewrap(db, row),
    taskSecretsWrappedWithOther: (keyId, limit, after) =>
      taskSecretsWrappedWithOther(db, keyId, limit, after),
    rewrapTaskSecret: (row) => rewrapTaskSecret(db, row),
    async keyIdsInUse() {
      const { rows } = await db.query<{ key_id: string }>(
        "select key_id from secrets union select key_id from task_secrets order by key_id",
      );
      return rows.map((row) => row.key_id);
    },
    async ofTask(taskId) {
      const { rows } = await db.query<SealedColumns & { name: string }>(
        "select name, key_id, wrapped_key, sealed from task_secrets where task_id = $1 order by name",
        [taskId],
      );
      return rows.map((row) => ({ name: row.name, secret: toSealed(row) }));
    },
    async forgetEnded() {
      const { rowCount } = await db.query(
        "delete from task_secrets s using tasks t where t.id = s.task_id and t.finished_at is not null",
      );
      return rowCount ?? 0;
    },
  };
}

/** What was done is in the audit log, and nothing is that was not. */
async function logged(tx: Sql, change: Promise<boolean>, audit: AuditRow): Promise<boolean> {
  const done = await change;
  if (done) await addAuditRow(tx, audit);
  return done;
}

async function nextVersion(sql: Sql, accountId: string, project: string, name: string): Promise<number> {
  const { rows } = await sql.query<{ version: number }>(
    "select version from secrets where account_id = $1 and project = $2 and name = $3",
    [accountId, project, name],
  );
  return (rows[0]?.version ?? 0) + 1;
}

async function put(tx: Sql, row: SecretRow): Promise<boolean> {
  const { keyId, wrappedKey, sealed } = row.secret;
  const { rowCount } = await tx.query(
    `insert into secrets (account_id, project, name, version, kind, hint, key_id, wrapped_key, sealed, checked, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (account_id, project, name) do update set
       version = excluded.version, kind = excluded.kind, hint = excluded.hint, key_id = excluded.key_id,
       wrapped_key = excluded.wrapped_key, sealed = excluded.sealed, checked = excluded.checked,
       updated_at = excluded.updated_at
     where secrets.version = excluded.version - 1`,
    [
      row.accountId,
      row.project,
      row.name,
      row.version,
      row.kind,
      row.hint,
      keyId,
      Buffer.from(wrappedKey),
      Buffer.from(sealed),
      row.checked,
      new Date(row.updatedAt),
    ],
  );
  return rowCount === 1;
}

async function remove(tx: Sql, accountId: string, project: string, name: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    "delete from secrets where account_id = $1 and project = $2 and name = $3",
    [accountId, project, name],
  );
  return rowCount === 1;
}
