import { AgencyError } from "@agency/contract";
import type { CreateTask } from "@agency/contract";
import type { TaskSpec, UploadStore } from "@agency/core";

export interface UploadFromDeps {
  uploads: Pick<UploadStore, "unused">;
}

/**
 * What a task is to go on from instead of another task's checkpoint. One that is not there is found out when the task
 * is stored: the same request may have used it already, and then gets its task.
 */
export async function uploadFrom(
  { uploads }: UploadFromDeps,
  accountId: string,
  { upload, resume }: Pick<CreateTask, "upload" | "resume">,
): Promise<TaskSpec["upload"]> {
  if (upload === undefined) return null;
  if (resume !== undefined) {
    throw new AgencyError("unsupported_option", "A task goes on from another one or from an upload.", {
      next: "Leave out `resume` or `upload`.",
    });
  }
  const { key, bytes, sha256 } = (await uploads.unused(accountId, upload.id)) ?? MISSING;
  return { ...upload, key, bytes, sha256 };
}

const MISSING = { key: "", bytes: 0, sha256: "" };
