import { filledSubmodules, submodulesOf } from "../workspace/submodules.ts";
import { joinNul } from "../workspace/nul-lists.ts";
import { check } from "./snapshot-call.ts";
import type { SnapshotCall } from "./snapshot-call.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** None is ever added to our index: those it began with are all there are. */
const remaining = new WeakMap<SnapshotStore, readonly Buffer[]>();

/**
 * While our index has a submodule, git sees nothing in a folder of files in its place. Such submodules are taken out;
 * if there were some, there is more to be listed now.
 */
export async function openFolders(
  store: SnapshotStore,
  call: SnapshotCall,
): Promise<{ hasMore: boolean; submodules: readonly Buffer[] }> {
  const { ours, workspace } = store;
  const submodules = remaining.get(store) ?? (await submodulesOf(ours, call));
  if (submodules === null) return { hasMore: false, submodules: [] };
  const filled = await filledSubmodules(ours, workspace, submodules, call);
  if (filled.length > 0) {
    const input = joinNul(filled);
    const remove = ["update-index", "-q", "--force-remove", "-z", "--stdin"];
    check("Taking files in place of submodules", await ours(remove, { ...call, input }));
  }
  const left = submodules.filter((path) => !filled.includes(path));
  remaining.set(store, left);
  return { hasMore: filled.length > 0, submodules: left };
}
