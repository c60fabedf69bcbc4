import { AgencyError } from "@agency/contract";
import type { CheckpointFileList } from "@agency/contract";
import type { FileQuery } from "./archived-files.ts";
import { locateCheckpoint } from "./download-checkpoint.ts";
import type { DownloadCheckpointDeps } from "./download-checkpoint.ts";

/** The files of the workspace as they were at a checkpoint, by path. */
export async function listCheckpointFiles(
  deps: DownloadCheckpointDeps,
  accountId: string,
  id: string,
  number: number,
  _query: FileQuery,
): Promise<CheckpointFileList> {
  await locateCheckpoint(deps, accountId, id, number);
  throw noList(id, number);
}

export async function readCheckpointFile(
  deps: DownloadCheckpointDeps,
  accountId: string,
  id: string,
  number: number,
  _path: string,
): Promise<{ name: string; bytes: number; open: () => Promise<ReadableStream<Uint8Array>> }> {
  await locateCheckpoint(deps, accountId, id, number);
  throw noList(id, number);
}

function noList(id: string, number: number): AgencyError {
  return new AgencyError("conflict", `Checkpoint ${number} of task ${id} holds no list of its files.`);
}
