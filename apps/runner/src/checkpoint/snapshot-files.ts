import { setImmediate } from "node:timers/promises";
import { MAX_CHECKPOINT_FILES } from "@agency/contract";
import type { CheckpointListEntry } from "@agency/contract";
import { changedFiles } from "./changed-files.ts";
import { keyOf, MAX_LINKS, MAX_LISTING_BYTES, standing } from "./file-entries.ts";
import type { Links, Standing } from "./file-entries.ts";
import { fieldsOf } from "../workspace/nul-lists.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import type { SnapshotCall } from "./snapshot-call.ts";

const TAB = 9;
const AT_ONCE = 2000;

/** The files of a checkpoint, and those that its base had and it has not. */
export interface ListedFiles {
  readonly entries: readonly CheckpointListEntry[];
  readonly base: string | null;
  readonly truncated: boolean;
}

/** A commit never changes: of the 6,000 files of a base only those that changed are looked at again. */
const lastBases = new WeakMap<SnapshotStore, { base: string; files: Promise<TreeFiles | null> }>();

/** Null: git does not tell; a checkpoint is one without a list, too. */
export async function listSnapshot(
  store: SnapshotStore,
  { tree, base }: { tree: string; base: string | null },
  call: SnapshotCall,
): Promise<ListedFiles | null> {
  const compared = base === null ? null : await compareTrees(store, base, tree, call);
  if (compared !== null) return bounded({ base, ...compared });
  const all = await filesOfTree(store, tree, call);
  return all && bounded({ base: null, entries: all.files, truncated: all.truncated });
}

function bounded({ entries, base, truncated }: ListedFiles): ListedFiles {
  const isCut = entries.length > MAX_CHECKPOINT_FILES;
  return { entries: entries.slice(0, MAX_CHECKPOINT_FILES), base, truncated: truncated || isCut };
}

interface TreeFiles {
  readonly files: readonly Standing[];
  readonly truncated: boolean;
}

async function filesOfTree(
  { ours, workspace }: SnapshotStore,
  tree: string,
  call: SnapshotCall,
): Promise<TreeFiles | null> {
  const list = ["ls-tree", "-r", "-l", "-z", "--full-tree", tree];
  const { code, stdout, truncated } = await ours(list, { ...call, maxBytes: MAX_LISTING_BYTES });
  if (code !== 0) return null;
  const links = { left: MAX_LINKS, workspace };
  const files: Standing[] = [];
  for (const file of filesIn(stdout, links)) {
    if (files.length === MAX_CHECKPOINT_FILES) return { files, truncated: true };
    files.push(file);
    // Others get a turn in between: a few milliseconds.
    if (files.length % AT_ONCE === 0) await setImmediate();
  }
  return { files, truncated };
}

function filesOfBase(store: SnapshotStore, base: string, call: SnapshotCall): Promise<TreeFiles | null> {
  const last = lastBases.get(store);
  if (last?.base === base) return last.files;
  const files = filesOfTree(store, base, call);
  lastBases.set(store, { base, files });
  // Git was stopped, or could not be started: the next checkpoint asks again.
  const forget = () => lastBases.delete(store);
  files.then((found) => found === null && forget(), forget);
  return files;
}

async function compareTrees(
  store: SnapshotStore,
  base: string,
  tree: string,
  call: SnapshotCall,
): Promise<Omit<ListedFiles, "base"> | null> {
  const links = { left: MAX_LINKS, workspace: store.workspace };
  const [before, changed] = await Promise.all([
    filesOfBase(store, base, call),
    changedFiles(store, base, tree, links, call),
  ]);
  if (before === null || changed === null) return null;
  const same = before.files.filter((file) => !changed.keys.has(keyOf(file)));
  return { entries: [...changed.entries, ...same], truncated: before.truncated };
}

function* filesIn(listing: Buffer, links: Links): Generator<Standing> {
  for (const line of fieldsOf(listing)) {
    const tab = line.indexOf(TAB);
    const [mode = "", , object = "", size] = line.toString("latin1", 0, tab).split(/ +/);
    const entry = standing(line.subarray(tab + 1), mode, object, Number(size), links);
    if (entry !== null) yield entry;
  }
}
