import type { ArtifactKind, PostCheckpoint } from "@agency/contract";

/** A blob that is stored whole and verified. Rows are written after the object: what is listed is there. */
export interface BlobRow {
  readonly id: string;
  readonly accountId: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly kind: ArtifactKind | "checkpoint" | "manifest" | "upload";
  readonly name: string;
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly mediaType: string;
  readonly at: number;
  /** Since when its object is no longer kept: retention had it. */
  readonly expiredAt?: number;
  /** Since when its object is known to have disappeared. */
  readonly missingSince?: number;
}

/** `number` is one of its own in the whole task: the attempt's, unless an earlier attempt had it already. */
export interface CheckpointRow extends PostCheckpoint {
  readonly taskId: string;
  readonly accountId: string;
  readonly epoch: number;
  readonly engine: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly key: string;
  readonly at: number;
}

/** What is about to be written, and what all of the task's blobs together may be. */
export interface Upload {
  readonly taskId: string;
  readonly epoch: number;
  readonly key: string;
  /** What the keys of the same file begin with, whenever it is sent. */
  readonly again: string;
  readonly bytes: number;
  /** How long it may take before its object is nobody's. */
  readonly lastsMs: number;
  readonly maxTaskBytes: number;
  readonly maxTaskBlobs: number;
  /** Of all that the account has stored and is storing. Not set: no limit. */
  readonly maxAccountBytes?: number | undefined;
}

/** What somebody sent for a task to go on from. */
export interface UploadRow {
  readonly id: string;
  readonly accountId: string;
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly at: number;
  readonly expiresAt: number;
}

export interface UploadStore {
  /** Before the object is written. `full`: all of the account's unused ones together would be too large; `no_room`: all it stores. */
  announce(upload: {
    readonly id: string;
    readonly accountId: string;
    readonly key: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly lastsMs: number;
    readonly maxBytes: number;
    readonly maxUploads: number;
    readonly maxAccountBytes?: number | undefined;
  }): Promise<"announced" | "full" | "no_room">;
  /** False: it was not announced, or took too long. */
  add(row: UploadRow): Promise<boolean>;
  abandon(key: string): Promise<void>;
  /** One whose bytes are not known to be stored yet, and that is not over. */
  announced(
    accountId: string,
    id: string,
  ): Promise<Pick<UploadRow, "id" | "accountId" | "key" | "bytes" | "sha256"> | null>;
  /** One that no task was started from yet and that is not over. */
  unused(accountId: string, id: string): Promise<UploadRow | null>;
}

export interface ArtifactStore {
  /**
   * Before the object is written: whatever happens to the upload, its object is either a blob's or collected. `full`:
   * the task has too much; `no_room`: the account.
   */
  announce(upload: Upload): Promise<"announced" | "fenced" | "full" | "no_room">;
  /**
   * False: the attempt is fenced, or the upload was not announced or took too long; the object is nobody's and is
   * collected. The same (task, kind, name) is replaced, but for checkpoints.
   */
  addBlob(row: Omit<BlobRow, "accountId">): Promise<boolean>;
  /** The upload came to nothing: its object is collected at once. */
  abandon(key: string): Promise<void>;
  blobs(taskId: string): Promise<BlobRow[]>;
  blob(taskId: string, id: string): Promise<BlobRow | null>;
  /**
   * `fenced`; `no_blob`: it was never stored by this attempt; `full`: the task has too many. The same number of the
   * same epoch again changes nothing; several may be of one blob. The newest `keep` stay, those with a
   * label or that others were started from, and of older ones some: see `checkpointsToForget`.
   */
  addCheckpoint(
    checkpoint: PostCheckpoint & { taskId: string; epoch: number; at: number },
    keep: number,
  ): Promise<"added" | "fenced" | "no_blob" | "full">;
  /** Newest first. */
  checkpoints(taskId: string): Promise<CheckpointRow[]>;
  checkpoint(taskId: string, number: number): Promise<CheckpointRow | null>;
  /** Tells the runner to make one; the command is given this id. */
  askCheckpoint(
    taskId: string,
    ask: { id: string; label: string | null },
  ): Promise<"asked" | "missing" | "not_running" | "finished">;
  /** Objects that no blob is made of: to be deleted. */
  orphans(limit: number): Promise<{ key: string }[]>;
  forget(keys: readonly string[]): Promise<void>;
  /** They could not be deleted: others have their turn for `forMs`. */
  postpone(keys: readonly string[], forMs: number): Promise<void>;
}
