import { filledSubmodules, pathsOfIndex } from "../workspace/submodules.ts";
import { joinNul } from "../workspace/nul-lists.ts";
import { addFolders } from "./nested/folders.ts";
import { check } from "./snapshot-call.ts";
import type { SnapshotCall } from "./snapshot-call.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

interface Known {
  readonly submodules: readonly Buffer[];
  /** Of files; those that our index gets later are added. */
  readonly folders: Set<string>;
}

/** No submodule is ever added to our index: those it began with are all there are. */
const remaining = new WeakMap<SnapshotStore, Known>();

/**
 * While our index has a submodule, git sees nothing in a folder of files in its place. Such submodules are taken out;
 * if there were some, there is more to be listed now.
 */
export async function openFolders(
  store: SnapshotStore,
  call: SnapshotCall,
): Promise<Known & { hasMore: boolean }> {
  const { ours, workspace } = store;
  const known = remaining.get(store) ?? (await beginning(store, call));
  if (known === null) return { hasMore: false, submodules: [], folders: new Set() };
  const { submodules, folders } = known;
  const filled = await filledSubmodules(ours, workspace, submodules, call);
  if (filled.length > 0) {
    const input = joinNul(filled);
    const remove = ["update-index", "-q", "--force-remove", "-z", "--stdin"];
    check("Taking files in place of submodules", await ours(remove, { ...call, input }));
  }
  const left = { folders, submodules: submodules.filter((path) => !filled.includes(path)) };
  remaining.set(store, left);
  return { ...left, hasMore: filled.length > 0 };
}

async function beginning({ ours }: SnapshotStore, call: SnapshotCall): Promise<Known | null> {
  const index = await pathsOfIndex(ours, call);
  if (index === null) return null;
  const folders = new Set<string>();
  addFolders(index.files, folders);
  return { submodules: index.submodules, folders };
}
