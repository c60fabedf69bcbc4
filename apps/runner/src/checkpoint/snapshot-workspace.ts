import { rm } from "node:fs/promises";
import type { Git, GitCall } from "../workspace/git.ts";
import { joinNul } from "../workspace/nul-lists.ts";
import { sortChanges } from "./list-changes.ts";
import type { LeftOut } from "./list-changes.ts";
import { reallyGone } from "./really-gone.ts";
import { check, SnapshotError, textOf } from "./snapshot-call.ts";
import type { SnapshotCall } from "./snapshot-call.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { openFolders } from "./submodule-folders.ts";

const MAX_LIST_BYTES = 64 * 1024 * 1024;
const MAX_FILE_BYTES = 256 * 1024 * 1024;
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
  readonly leftOut: LeftOut;
}

/** Every file that git does not ignore, new ones too. */
export async function snapshotFiles(store: SnapshotStore, call: SnapshotCall): Promise<Snapshot> {
  const { ours, workspace } = store;
  const what = ["ls-files", "-z", "--others", "--modified", "--deleted", "--exclude-standard"];
  const list = () => ours(what, { ...call, maxBytes: MAX_LIST_BYTES });
  const [listed, head, hasMore] = await Promise.all([
    list(),
    headOf(store.theirs, call),
    openFolders(store, call),
  ]);
  const listing = hasMore ? await list() : listed;
  check("Listing the files of the workspace", listing);
  if (listing.truncated) throw new SnapshotError("The workspace has too many new files to list.");
  const { take, gone, drop, leftOut } = sortChanges(workspace, listing.stdout, MAX_FILE_BYTES);
  const update = ["update-index", "-q", "--refresh"];
  if (drop.length > 0)
    check(
      "Leaving out files",
      await ours([...update, "--force-remove", "-z", "--stdin"], { ...call, input: drop }),
    );
  const flags = ["--add", "--remove", "--replace", "-z", "--stdin"];
  const input = Buffer.concat([take, joinNul(await reallyGone(store, gone, call))]);
  check("Reading changed files", await ours([...update, ...flags], { ...call, input }));
  const tree = await textOf("Writing down the files", ours, ["write-tree"], call);
  return { tree, head, leftOut };
}

/** Forgets what is known of the files: the next snapshot reads every one of them. */
export async function forgetFiles({ index }: SnapshotStore): Promise<void> {
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
