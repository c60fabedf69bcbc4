import { AgencyError } from "@agency/contract";
import type { Restore } from "@agency/contract";
import type { ArtifactStore, AttemptAccess, CheckpointRow, TaskSpec, TaskStore } from "@agency/core";
import type { BlobStorage } from "./blob-storage.ts";

type Checkpoints = Pick<ArtifactStore, "checkpoint">;

/** What a work order says of the checkpoint the task goes on from; null: it starts afresh. */
export async function restoreOf(artifacts: Checkpoints, { resume }: TaskSpec): Promise<Restore | null> {
  if (resume === null) return null;
  const found = await checkpointToRestore(artifacts, resume);
  const { number, turn, base, head, branch, commit, sessionId, engineVersion, bytes, sha256, taskId } = found;
  const { fork } = resume;
  return { taskId, number, turn, base, head, branch, commit, sessionId, engineVersion, bytes, sha256, fork };
}

/** The bytes of it, for an attempt of the task that goes on from it and nobody else. */
export async function openRestore(
  deps: { tasks: Pick<TaskStore, "load">; artifacts: Checkpoints; storage: Pick<BlobStorage, "read"> },
  access: AttemptAccess,
): Promise<{ bytes: number; body: ReadableStream<Uint8Array> }> {
  const task = await deps.tasks.load(access.taskId);
  if (!task?.spec.resume)
    throw new AgencyError("not_found", "This task goes on from no checkpoint: it starts afresh.");
  const { key, bytes } = await checkpointToRestore(deps.artifacts, task.spec.resume);
  const stored = await deps.storage.read(key);
  if (stored === null) throw lost(task.spec.resume);
  return { bytes, body: stored.body };
}

/** Kept for as long as a live task names it; gone all the same, the task must not start with nothing instead. */
async function checkpointToRestore(
  artifacts: Checkpoints,
  resume: NonNullable<TaskSpec["resume"]>,
): Promise<CheckpointRow> {
  const found = await artifacts.checkpoint(resume.taskId, resume.checkpoint);
  if (found === null) throw lost(resume);
  return found;
}

function lost({ taskId, checkpoint }: { taskId: string; checkpoint: number }): AgencyError {
  return new AgencyError("not_found", `Checkpoint ${checkpoint} of task ${taskId} is no longer kept.`);
}
