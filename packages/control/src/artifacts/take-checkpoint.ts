import { AgencyError } from "@agency/contract";
import type { PostCheckpoint } from "@agency/contract";
import type { ArtifactStore, AttemptAccess } from "@agency/core";
import { fencedError } from "../uplink/runner-access.ts";

/** Of those without a label. */
const KEPT_CHECKPOINTS = 10;
const MOST_TEXT = 1024;

export async function takeCheckpoint(
  deps: { artifacts: Pick<ArtifactStore, "addCheckpoint">; now: () => number },
  { taskId, epoch }: AttemptAccess,
  input: PostCheckpoint,
): Promise<void> {
  checkTexts(input);
  const checkpoint = { ...input, taskId, epoch, at: deps.now() };
  switch (await deps.artifacts.addCheckpoint(checkpoint, KEPT_CHECKPOINTS)) {
    case "added":
      return;
    case "fenced":
      throw fencedError(epoch);
    case "no_blob":
      throw new AgencyError("unknown_blob", `This attempt has stored no checkpoint ${input.blob}.`, {
        next: "Send the checkpoint's file before telling of it.",
      });
    case "full":
      throw new AgencyError("payload_too_large", "This task has as many checkpoints as a task can have.");
  }
}

/** They go back into a sandbox as arguments of git, and to people. */
function checkTexts({ base, head, branch, commit, sessionId, engineVersion, label }: PostCheckpoint): void {
  for (const [name, text] of Object.entries({
    base,
    head,
    branch,
    commit,
    sessionId,
    engineVersion,
    label,
  })) {
    if (text === null) continue;
    if (
      text.length <= MOST_TEXT &&
      !/\p{Cc}|\p{Cs}/u.test(text) &&
      !(name !== "label" && text.startsWith("-"))
    )
      continue;
    throw new AgencyError("invalid_request", `The checkpoint's \`${name}\` is not a plain short text.`);
  }
}
