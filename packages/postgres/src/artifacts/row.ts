import type { BlobRow, CheckpointRow } from "@agency/core";

export interface BlobColumns {
  id: string;
  account_id: string;
  task_id: string;
  epoch: number;
  kind: BlobRow["kind"];
  name: string;
  key: string;
  bytes: number;
  sha256: string;
  media_type: string;
  at: Date;
  expired_at: Date | null;
  missing_at: Date | null;
}

export interface CheckpointColumns {
  task_id: string;
  account_id: string;
  number: number;
  epoch: number;
  label: string | null;
  turn: number;
  blob_id: string;
  base: string;
  head: string;
  branch: string | null;
  commit: string;
  session_id: string | null;
  engine: string;
  engine_version: string | null;
  bytes: number;
  sha256: string;
  key: string;
  at: Date;
}

export function toBlob(columns: BlobColumns): BlobRow {
  const { account_id, task_id, media_type, at, expired_at, missing_at, ...row } = columns;
  return {
    ...row,
    accountId: account_id,
    taskId: task_id,
    mediaType: media_type,
    at: at.getTime(),
    ...(expired_at === null ? {} : { expiredAt: expired_at.getTime() }),
    ...(missing_at === null ? {} : { missingSince: missing_at.getTime() }),
  };
}

export function toCheckpoint(columns: CheckpointColumns): CheckpointRow {
  const { task_id, account_id, blob_id, session_id, engine_version, at, ...row } = columns;
  return {
    ...row,
    taskId: task_id,
    accountId: account_id,
    blob: blob_id,
    sessionId: session_id,
    engineVersion: engine_version,
    at: at.getTime(),
  };
}
