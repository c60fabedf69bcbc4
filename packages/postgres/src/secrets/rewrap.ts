import type { SecretRow, TaskSecretRow } from "@agency/core";
import type { Sql } from "../database.ts";
import { toSecret, toTaskSecret } from "./row.ts";
import type { SecretColumns, TaskSecretColumns } from "./row.ts";

/** Page by page in the order of the primary key: a row that cannot be wrapped anew is passed, not met again. */
export async function wrappedWithOther(
  sql: Sql,
  keyId: string,
  limit: number,
  after: SecretRow | null,
): Promise<SecretRow[]> {
  const { rows } = await sql.query<SecretColumns>(
    `select * from secrets
     where key_id <> $1 and ($3::uuid is null or (account_id, project, name) > ($3, $4, $5))
     order by account_id, project, name limit $2`,
    [keyId, limit, after?.accountId ?? null, after?.project ?? null, after?.name ?? null],
  );
  return rows.map(toSecret);
}

export async function rewrap(sql: Sql, row: SecretRow): Promise<void> {
  const { keyId, wrappedKey } = row.secret;
  // Only the version that was read: its data key would not open another one.
  await sql.query(
    `update secrets set key_id = $5, wrapped_key = $6
     where account_id = $1 and project = $2 and name = $3 and version = $4 and sealed = $7`,
    [
      row.accountId,
      row.project,
      row.name,
      row.version,
      keyId,
      Buffer.from(wrappedKey),
      Buffer.from(row.secret.sealed),
    ],
  );
}

export async function taskSecretsWrappedWithOther(
  sql: Sql,
  keyId: string,
  limit: number,
  after: TaskSecretRow | null,
): Promise<TaskSecretRow[]> {
  const { rows } = await sql.query<TaskSecretColumns>(
    `select * from task_secrets where key_id <> $1 and ($3::uuid is null or (task_id, name) > ($3, $4))
     order by task_id, name limit $2`,
    [keyId, limit, after?.taskId ?? null, after?.name ?? null],
  );
  return rows.map(toTaskSecret);
}

export async function rewrapTaskSecret(sql: Sql, row: TaskSecretRow): Promise<void> {
  const { keyId, wrappedKey } = row.secret;
  await sql.query("update task_secrets set key_id = $3, wrapped_key = $4 where task_id = $1 and name = $2", [
    row.taskId,
    row.name,
    keyId,
    Buffer.from(wrappedKey),
  ]);
}
