import { AgencyError } from "@agency/contract";
import type { ArtifactStore, CheckpointRow, TaskStore } from "@agency/core";
import { getTask } from "../tasks/manage-task.ts";
import { downloadOf } from "./artifacts.ts";
import type { Download } from "./artifacts.ts";
import type { BlobStorage } from "./blob-storage.ts";
import { goneError } from "./expired.ts";

export interface DownloadCheckpointDeps {
  tasks: TaskStore;
  artifacts: Pick<ArtifactStore, "checkpoint" | "blob">;
  storage: BlobStorage;
}

/** Workspace and session in one file. Number 0 is what was uploaded for the task to go on from. */
export async function downloadCheckpoint(
  deps: DownloadCheckpointDeps,
  accountId: string,
  id: string,
  number: number,
): Promise<Download> {
  await getTask(deps, accountId, id);
  const { key, bytes, sha256 } = await locateCheckpoint(deps, id, number);
  const name = number === 0 ? "upload.tar" : `checkpoint-${number}.tar`;
  const gone = () => notKept(id, number);
  return downloadOf(deps.storage, { key, name, bytes, sha256, mediaType: "application/x-tar" }, gone);
}

/** Where the bytes of a task that the caller may see are. */
export async function locateCheckpoint(
  deps: DownloadCheckpointDeps,
  id: string,
  number: number,
): Promise<Pick<CheckpointRow, "key" | "bytes" | "sha256">> {
  const found = number === 0 ? await uploadOf(deps, id) : await deps.artifacts.checkpoint(id, number);
  if (found === null) throw notKept(id, number);
  return found;
}

export function notKept(id: string, number: number): AgencyError {
  return new AgencyError("not_found", `Checkpoint ${number} of task ${id} is not kept.`, {
    next: `See those it has with \`agency checkpoints ${id}\`.`,
  });
}

async function uploadOf({ tasks, artifacts }: DownloadCheckpointDeps, id: string) {
  const upload = (await tasks.load(id))?.spec.upload ?? null;
  const row = upload === null ? null : await artifacts.blob(id, upload.id);
  const lost = row === null ? null : goneError(`What task ${id} was started with`, row);
  if (lost !== null) throw lost;
  return row;
}
