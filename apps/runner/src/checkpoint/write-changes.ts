import type { ChildResult } from "../process/run-child.ts";
import type { Git } from "../workspace/git.ts";
import { joinNul } from "../workspace/nul-lists.ts";
import { sortChanges } from "./list-changes.ts";
import type { LeftOut } from "./list-changes.ts";
import { check, SnapshotError, textOf } from "./snapshot-call.ts";
import type { SnapshotCall } from "./snapshot-call.ts";

const MAX_FILE_BYTES = 256 * 1024 * 1024;
export const MAX_LIST_BYTES = 64 * 1024 * 1024;
/** What is new, changed or gone, against the call's index. */
export const LIST_CHANGES = ["ls-files", "-z", "--others", "--modified", "--deleted"];

export interface Written {
  readonly tree: string;
  readonly leftOut: LeftOut;
  /** NUL-terminated: what is as it was is not among them. */
  readonly taken: Buffer;
  /** In place of files there are repositories of their own, at their paths. */
  readonly repositories: readonly Buffer[];
}

export interface Listed {
  readonly folder: string;
  readonly listing: ChildResult;
  /** Of the index. */
  readonly submodules?: readonly Buffer[];
  /** Of what is not there: what was deleted. */
  readonly reallyGone?: (gone: readonly Buffer[]) => Promise<readonly Buffer[]>;
}

/** Takes what was listed into the index, and writes all of that down as a tree. */
export async function writeChanges(
  git: Git,
  { folder, listing, submodules = [], reallyGone = async (gone) => gone }: Listed,
  call: SnapshotCall,
): Promise<Written> {
  check("Listing the files of the workspace", listing);
  if (listing.truncated) throw new SnapshotError("The workspace has too many new files to list.");
  const changes = sortChanges(folder, { listing: listing.stdout, submodules }, MAX_FILE_BYTES);
  const { take, gone, drop, leftOut, repositories } = changes;
  const update = ["update-index", "-q", "--refresh"];
  if (drop.length > 0)
    check(
      "Leaving out files",
      await git([...update, "--force-remove", "-z", "--stdin"], { ...call, input: drop }),
    );
  const flags = ["--add", "--remove", "--replace", "-z", "--stdin"];
  const input = Buffer.concat([take, joinNul(await reallyGone(gone))]);
  check("Reading changed files", await git([...update, ...flags], { ...call, input }));
  const tree = await textOf("Writing down the files", git, ["write-tree"], call);
  return { tree, leftOut, taken: take, repositories };
}
