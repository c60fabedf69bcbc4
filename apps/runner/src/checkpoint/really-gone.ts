import { fieldsOf } from "./list-changes.ts";
import type { SnapshotCall } from "./snapshot-call.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

const LIST_MS = 60_000;
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const SKIPPED = "S ";

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
  const most = { ...call, timeoutMs: LIST_MS, maxBytes: MAX_LIST_BYTES };
  const { stdout } = await theirs(["ls-files", "-t", "-z"], most);
  const skipped = new Set<string>();
  for (const entry of fieldsOf(stdout)) {
    const text = entry.toString("latin1");
    if (text.startsWith(SKIPPED)) skipped.add(text.slice(SKIPPED.length));
  }
  return gone.filter((path) => !skipped.has(path.toString("latin1")));
}
