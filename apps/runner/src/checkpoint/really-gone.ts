import { skippedPaths } from "../workspace/skipped-paths.ts";
import type { SnapshotCall } from "./snapshot-call.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

const LIST_MS = 60_000;

/**
 * A sparse checkout takes files out of the workspace without deleting them. What the agent's index says so of stays in
 * the checkpoint: nobody who goes on from it shall find it deleted.
 */
export async function reallyGone(
  { theirs }: SnapshotStore,
  gone: readonly Buffer[],
  call: SnapshotCall,
): Promise<readonly Buffer[]> {
  if (gone.length === 0) return gone;
  const paths = await skippedPaths(theirs, { ...call, timeoutMs: LIST_MS });
  const skipped = new Set(paths.map((path) => path.toString("latin1")));
  return gone.filter((path) => !skipped.has(path.toString("latin1")));
}
