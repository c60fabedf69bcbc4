import { AgencyError } from "@agency/contract";
import type { Checkpoint } from "@agency/contract";
import { MOST_LABELS } from "@agency/core";
import type { ArtifactStore, TaskStore } from "@agency/core";
import { uuidv7 } from "../ids.ts";
import { getTask } from "../tasks/manage-task.ts";

export interface CheckpointDeps {
  tasks: TaskStore;
  artifacts: ArtifactStore;
  now: () => number;
}

export async function listCheckpoints(
  deps: CheckpointDeps,
  accountId: string,
  id: string,
): Promise<Checkpoint[]> {
  await getTask(deps, accountId, id);
  const rows = await deps.artifacts.checkpoints(id);
  return rows.map(({ number, at, label, turn, commit, sessionId, engine, engineVersion, bytes, sha256 }) => ({
    number,
    at: new Date(at).toISOString(),
    label,
    turn,
    commit,
    sessionId,
    engine,
    engineVersion,
    bytes,
    sha256,
  }));
}

/** Tells the runner to make one now; it is in the list when it is stored. */
export async function askCheckpoint(
  deps: CheckpointDeps,
  accountId: string,
  id: string,
  label: string | null,
): Promise<{ id: string }> {
  await getTask(deps, accountId, id);
  if (label !== null) await checkLabels(deps, id);
  const command = { id: uuidv7(deps.now()), label };
  switch (await deps.artifacts.askCheckpoint(id, command)) {
    case "asked":
      return { id: command.id };
    case "missing":
      throw new AgencyError("not_found", `There is no task ${id}.`);
    case "finished":
      throw new AgencyError("task_finished", `Task ${id} has ended and makes no more checkpoints.`, {
        next: `See those it has with \`agency checkpoints ${id}\`; \`agency resume ${id} "next instruction"\` goes on from the newest.`,
      });
    case "not_running":
      throw new AgencyError("conflict", `Task ${id} has not begun: there is nothing to keep yet.`, {
        next: "Try again when it runs.",
      });
  }
}

/** More would not be kept for their label. */
async function checkLabels({ artifacts }: CheckpointDeps, id: string): Promise<void> {
  const labelled = (await artifacts.checkpoints(id)).filter(({ label }) => label !== null);
  if (labelled.length < MOST_LABELS) return;
  throw new AgencyError(
    "conflict",
    `Task ${id} has ${MOST_LABELS} checkpoints with a label, which is the most.`,
    {
      next: "Take one without a label.",
    },
  );
}
