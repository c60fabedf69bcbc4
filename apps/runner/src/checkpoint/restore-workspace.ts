import { gitProblem } from "../workspace/git.ts";
import type { Git, GitCall } from "../workspace/git.ts";
import { COMPARE_TREES } from "./changed-files.ts";
import { completeBare } from "./nested/complete-git.ts";
import { restoreNested } from "./nested/restore-nested.ts";
import type { RestoredNested } from "./nested/restore-nested.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { treeOf } from "./snapshot-workspace.ts";

const GIT_MS = 15 * 60_000;
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const COMMIT = /^[0-9a-f]{40,64}$/;
const NESTED_MODE = "160000";

export interface RestoreWorkspaceOptions {
  readonly git: Git;
  readonly store: SnapshotStore;
  readonly bundle: string;
  readonly checkpoint: {
    readonly number: number;
    readonly base: string;
    readonly head: string;
    readonly branch: string | null;
    readonly commit: string;
  };
  readonly signal: AbortSignal;
}

export type RestoredWorkspace =
  | {
      readonly ok: true;
      readonly base: string;
      /** Files that differ from the base. */
      readonly files: number;
      readonly nested: RestoredNested;
      readonly hasCommits: boolean;
      /** HEAD is detached at its commit: a branch of that name cannot be here. */
      readonly lostBranch: string | null;
    }
  | { readonly ok: false; readonly problem: string };

/** Puts files, HEAD and branch back as they were; what was not committed then is not committed now. */
export async function restoreWorkspace(options: RestoreWorkspaceOptions): Promise<RestoredWorkspace> {
  const { git, store, checkpoint, signal } = options;
  const call = { timeoutMs: GIT_MS, signal };
  const strange = [checkpoint.base, checkpoint.head, checkpoint.commit].find((name) => !COMMIT.test(name));
  if (strange !== undefined) return failed(`${JSON.stringify(strange)} is not the name of a commit.`);
  const fetched = await fetchBundle(options, call);
  if (fetched !== null) return failed(fetched);
  const hasCommits = await isThere(git, checkpoint.head, call);
  const base = (await isThere(git, checkpoint.base, call)) ? checkpoint.base : await headOf(git, call);
  // Ours: byte for byte, with none of the repository's conversions; it takes care of what is in the way.
  const placed = await store.ours(["read-tree", "--reset", "-u", checkpoint.commit], call);
  const misplaced = gitProblem("Putting the files of the checkpoint in place", placed);
  if (misplaced !== null) return failed(misplaced);
  const isOnBranch = !hasCommits || (await moveBranch(git, checkpoint, call));
  const problem =
    (isOnBranch ? null : await detachHead(git, checkpoint.head, call)) ??
    gitProblem("Setting the index to HEAD", await git(["reset", "--quiet", "--mixed"], call));
  if (problem !== null) return failed(problem);
  const lostBranch = isOnBranch ? null : checkpoint.branch;
  const { changed, named } = await changesSince(store, base, checkpoint.commit, call);
  await completeBare(store.workspace, changed);
  const nested = await nestedOf(options, named, call);
  return { ok: true, base, hasCommits, lostBranch, files: changed.length, nested };
}

/** Those that the files only name are missing. */
async function nestedOf(
  { git, store, checkpoint }: RestoreWorkspaceOptions,
  named: readonly string[],
  call: GitCall,
): Promise<RestoredNested> {
  const ref = `refs/agency/checkpoints/${checkpoint.number}/nested^{tree}`;
  const { code, stdout } = await git(["rev-parse", "--verify", "--quiet", ref], call);
  const found = code === 0 ? await restoreNested(store, stdout.toString().trim(), call) : NONE;
  const missing = named.filter((path) => !found.paths.includes(path));
  return { paths: found.paths, problems: [...found.problems, ...missing] };
}

const NONE: RestoredNested = { paths: [], problems: [] };

function failed(problem: string): RestoredWorkspace {
  return { ok: false, problem };
}

async function fetchBundle(
  { git, bundle, checkpoint }: RestoreWorkspaceOptions,
  call: GitCall,
): Promise<string | null> {
  const refs = `+refs/agency/*:refs/agency/checkpoints/${checkpoint.number}/*`;
  const fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
  const first = await git([...fetch, bundle, refs], call);
  if (first.code === 0) return null;
  // A rewritten history leaves the commit nowhere on a branch; many hosts still hand it out by its name.
  const { base } = checkpoint;
  if (await isThere(git, base, call)) return gitProblem("Unpacking the checkpoint", first);
  const asked = await git([...fetch, "origin", base], call);
  if (asked.code !== 0)
    return `The checkpoint builds on commit ${base.slice(0, 12)}, which the repository does not have any more: its history was rewritten, for example by a forced push. Push that commit again, or start without the checkpoint.`;
  return gitProblem("Unpacking the checkpoint", await git([...fetch, bundle, refs], call));
}

/** False: it was on none, or a branch of this name cannot be made, such as `a/b` where there is `a`. */
async function moveBranch(
  git: Git,
  { head, branch }: RestoreWorkspaceOptions["checkpoint"],
  call: GitCall,
): Promise<boolean> {
  if (branch === null) return false;
  const ref = `refs/heads/${branch}`;
  if ((await git(["update-ref", "--", ref, head], call)).code !== 0) return false;
  return (await git(["symbolic-ref", "HEAD", ref], call)).code === 0;
}

async function detachHead(git: Git, head: string, call: GitCall): Promise<string | null> {
  return gitProblem("Setting HEAD", await git(["update-ref", "--no-deref", "HEAD", head], call));
}

async function isThere(git: Git, commit: string, call: GitCall): Promise<boolean> {
  return (await git(["cat-file", "-e", `${commit}^{commit}`], call)).code === 0;
}

async function headOf(git: Git, call: GitCall): Promise<string> {
  return (await git(["rev-parse", "HEAD"], call)).stdout.toString().trim();
}

async function changesSince(
  store: SnapshotStore,
  base: string,
  commit: string,
  call: GitCall,
): Promise<{ changed: string[]; named: string[] }> {
  const tree = await treeOf(store, base, call);
  if (tree === null) return { changed: [], named: [] };
  const diff = [...COMPARE_TREES, tree, commit];
  const { stdout } = await store.ours(diff, { ...call, maxBytes: MAX_LIST_BYTES });
  const fields = stdout.toString().split("\0").slice(0, -1);
  const named = fields.filter((_, at) => fields[at - 1]?.startsWith(`:000000 ${NESTED_MODE} `) === true);
  return { changed: fields.filter((_, at) => at % 2 === 1), named };
}
