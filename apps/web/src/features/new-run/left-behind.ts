import type { Task } from "@agency/contract";

/** What of another run does not come along, in sentences: nothing is lost in silence. */
export function leftBehind(source: Task, checkpoint: number | undefined): string[] {
  return [
    checkpoint === undefined ? beginningOf(source) : null,
    source.review && typeof source.pullRequest === "number"
      ? `That run reviewed pull request ${source.pullRequest}. This one posts no review: a review is started from the command line.`
      : null,
  ].filter((sentence) => sentence !== null);
}

function beginningOf({ resumedFrom, upload }: Task): string | null {
  if (upload) return "That run went on with files that were uploaded. This one begins without them.";
  if (resumedFrom === null) return null;
  return `That run went on from checkpoint ${resumedFrom.checkpoint} of another one. This one begins anew, without its files and memory.`;
}
