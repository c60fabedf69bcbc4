import type { SnapshotStore } from "./snapshot-store.ts";
import { treeOf } from "./snapshot-workspace.ts";

const GIT_MS = 60_000;
/** A branch that is further on than this is put under the work by a rebase, as any other. */
const MOST_COMMITS = 1_000;

export interface BranchAndFiles {
  /** What the files of the checkpoint were begun from. */
  readonly since: string;
  readonly tip: string;
  /** The checkpoint's. */
  readonly commit: string;
  readonly signal: AbortSignal;
}

/**
 * The newest commit of a branch that has exactly the files of a checkpoint: an earlier task handed them back there.
 * Work that goes on from them begins at that commit; begun before it, the same changes would conflict with themselves.
 */
export async function alreadyOnBranch(
  store: SnapshotStore,
  { since, tip, commit, signal }: BranchAndFiles,
): Promise<string | null> {
  const call = { timeoutMs: GIT_MS, signal };
  const tree = await treeOf(store, commit, call);
  const log = ["log", `--max-count=${MOST_COMMITS}`, "--format=%H %T", tip, `^${since}`, "--"];
  const { code, stdout } = await store.ours(log, call);
  if (code !== 0 || tree === null) return null;
  const lines = stdout.toString().split("\n");
  return lines.find((line) => line.endsWith(` ${tree}`))?.split(" ")[0] ?? null;
}
