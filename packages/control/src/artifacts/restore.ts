import { AgencyError } from "@agency/contract";
import type { Restore } from "@agency/contract";
import type {
  ArtifactStore,
  AttemptAccess,
  CheckpointRow,
  SupervisedTask,
  TaskSpec,
  TaskStore,
} from "@agency/core";
import type { BlobStorage } from "./blob-storage.ts";

type Checkpoints = Pick<ArtifactStore, "checkpoint">;

/** What a work order says of the checkpoint or the upload the task goes on from; null: it starts afresh. */
export async function restoreOf(
  artifacts: Checkpoints,
  { id, spec }: Pick<SupervisedTask, "id" | "spec">,
): Promise<Restore | null> {
  const { resume, upload } = spec;
  if (upload !== null) {
    const { base, head, branch, commit, sessionId, engineVersion, bytes, sha256 } = upload;
    const about = { base, head, branch, commit, sessionId, engineVersion, bytes, sha256 };
    return { taskId: id, number: 0, turn: 0, fork: resume?.fork ?? false, ...about };
  }
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
  const spec = (await deps.tasks.load(access.taskId))?.spec;
  const from = spec?.upload ?? spec?.resume ?? null;
  if (from === null)
    throw new AgencyError("not_found", "This task goes on from no checkpoint: it starts afresh.");
  const { key, bytes } = "key" in from ? from : await checkpointToRestore(deps.artifacts, from);
  // The runner compares it, and ends the task for one that is another; a connection that breaks it would try again.
  const stored = await deps.storage.read(key, {}, { unchecked: true });
  if (stored !== null) return { bytes, body: stored.body };
  throw "key" in from ? new AgencyError("not_found", "What was uploaded is no longer kept.") : lost(from);
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
