import { AgencyError } from "@agency/contract";
import type { Artifact, ArtifactKind, Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { isOver } from "../render/task-words.ts";

const CALLED: Partial<Record<ArtifactKind, string>> = {
  patch: "patch",
  archive: "archive of its files",
};

/** The newest artifact of a kind. */
export async function findArtifact(
  client: Client,
  task: Task,
  kind: ArtifactKind,
  signal: AbortSignal,
): Promise<Artifact> {
  const all = await client.artifacts(task.id, { signal });
  const [newest] = all
    .filter((artifact) => artifact.kind === kind)
    .toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  if (newest !== undefined) return newest;
  const later = isOver(task.state)
    ? `\`agency artifacts ${task.id}\` lists what there is.`
    : "It is stored when the task ends.";
  throw new AgencyError("not_found", `The task has no ${CALLED[kind] ?? kind}.`, { next: later });
}
