import type { SealedSecret, SecretRow, TaskSecretRow } from "@agency/core";

export interface SealedColumns {
  key_id: string;
  wrapped_key: Buffer;
  sealed: Buffer;
}

export interface SecretColumns extends SealedColumns {
  account_id: string;
  project: string;
  name: string;
  version: number;
  kind: SecretRow["kind"];
  hint: string;
  checked: string | null;
  updated_at: Date;
}

export interface TaskSecretColumns extends SealedColumns {
  account_id: string;
  task_id: string;
  name: string;
}

export function toSealed(row: SealedColumns): SealedSecret {
  return { keyId: row.key_id, wrappedKey: row.wrapped_key, sealed: row.sealed };
}

export function toSecret(row: SecretColumns): SecretRow {
  return {
    accountId: row.account_id,
    project: row.project,
    name: row.name,
    version: row.version,
    kind: row.kind,
    hint: row.hint,
    secret: toSealed(row),
    checked: row.checked,
    updatedAt: row.updated_at.getTime(),
  };
}

export function toTaskSecret(row: TaskSecretColumns): TaskSecretRow {
  return { accountId: row.account_id, taskId: row.task_id, name: row.name, secret: toSealed(row) };
}
