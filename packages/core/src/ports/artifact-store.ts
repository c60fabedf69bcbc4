import type { ArtifactKind, PostCheckpoint } from "@agency/contract";

/** A blob that is stored whole and verified. Rows are written after the object: what is listed is there. */
export interface BlobRow {
  readonly id: string;
  readonly accountId: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly kind: ArtifactKind | "checkpoint" | "manifest";
  readonly name: string;
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly mediaType: string;
  readonly at: number;
}

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

export interface ArtifactStore {
  /** False: the attempt is fenced; the object is nobody's and is collected. The same (task, kind, name) is replaced. */
  addBlob(row: BlobRow): Promise<boolean>;
  blobs(taskId: string): Promise<BlobRow[]>;
  blob(taskId: string, id: string): Promise<BlobRow | null>;
  /** `fenced`; `no_blob`: it was never stored. The same number of the same epoch again changes nothing. */
  addCheckpoint(
    checkpoint: PostCheckpoint & { taskId: string; epoch: number; at: number },
  ): Promise<"added" | "fenced" | "no_blob">;
  /** Newest first. */
  checkpoints(taskId: string): Promise<CheckpointRow[]>;
  /** Objects of blobs whose task is gone, and of replaced ones: to be deleted. */
  orphans(limit: number): Promise<{ key: string }[]>;
  forget(keys: readonly string[]): Promise<void>;
}
