import { rm } from "node:fs/promises";
import type { Git, GitCall } from "../workspace/git.ts";
import { fieldsOf } from "../workspace/nul-lists.ts";
import type { LeftOut } from "./list-changes.ts";
import { addFolders, repositoriesIn } from "./nested/folders.ts";
import { snapshotNested } from "./nested/snapshot-nested.ts";
import { forgetNested } from "./nested/within.ts";
import { reallyGone } from "./really-gone.ts";
import type { SnapshotCall } from "./snapshot-call.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { openFolders } from "./submodule-folders.ts";
import { LIST_CHANGES, MAX_LIST_BYTES, writeChanges } from "./write-changes.ts";

const HEX = /^[0-9a-f]{40,64}$/;

/** Where the agent's HEAD stands. */
export interface Head {
  /** Null: on a branch without a commit, or the repository cannot be read. */
  readonly commit: string | null;
  readonly branch: string | null;
}

/** The files as they are now, in objects of ours. */
export interface Snapshot {
  readonly tree: string;
  readonly head: Head;
  /** A tree of the repositories inside the workspace; null: there are none. */
  readonly nested: string | null;
  readonly leftOut: LeftOut & { readonly nested: readonly string[] };
}

/** Every file that git does not ignore, new ones too. */
export async function snapshotFiles(store: SnapshotStore, call: SnapshotCall): Promise<Snapshot> {
  const { ours, workspace } = store;
  const list = () => ours([...LIST_CHANGES, "--exclude-standard"], { ...call, maxBytes: MAX_LIST_BYTES });
  const [listed, head, { hasMore, submodules, folders }] = await Promise.all([
    list(),
    headOf(store.theirs, call),
    openFolders(store, call),
  ]);
  const listing = hasMore ? await list() : listed;
  const reallyDeleted = (gone: readonly Buffer[]) => reallyGone(store, gone, call);
  const changes = { folder: workspace, listing, submodules, reallyGone: reallyDeleted };
  const { tree, leftOut, taken, repositories } = await writeChanges(ours, changes, call);
  addFolders(fieldsOf(taken), folders);
  const all = [...repositories, ...repositoriesIn(workspace, folders)];
  const nested = await snapshotNested(store, { repositories: all, submodules }, call);
  const unreadable = [...leftOut.unreadable, ...nested.unreadable];
  return { tree, head, nested: nested.tree, leftOut: { ...leftOut, unreadable, nested: nested.leftOut } };
}

/** Forgets what is known of the files: the next snapshot reads every one of them. */
export async function forgetFiles(store: SnapshotStore): Promise<void> {
  const { index } = store;
  await forgetNested(store);
  await rm(index, { force: true });
  await rm(`${index}.lock`, { force: true });
}

export async function treeOf(
  store: SnapshotStore,
  commit: string,
  call: SnapshotCall,
): Promise<string | null> {
  const { stdout, code } = await store.ours(["rev-parse", "--verify", "--quiet", `${commit}^{tree}`], call);
  return code === 0 ? stdout.toString().trim() : null;
}

async function headOf(theirs: Git, call: GitCall): Promise<Head> {
  const both = await theirs(["rev-parse", "HEAD", "--symbolic-full-name", "HEAD"], call);
  const [commit, name] = both.stdout.toString().split("\n");
  if (both.code !== 0 || commit === undefined || !HEX.test(commit)) return { commit: null, branch: null };
  const branch = name?.startsWith("refs/heads/") === true ? name.slice("refs/heads/".length) : null;
  return { commit, branch };
}
