import type { WorkOrder } from "@agency/contract";
import { addAll, MAX_COMMITTED_BYTES } from "../workspace/add-all.ts";
import { gitProblem } from "../workspace/git.ts";
import type { Git, GitCall } from "../workspace/git.ts";
import type { OwnRepository } from "../workspace/own-repository.ts";
import { keepSparse } from "./keep-sparse.ts";
import { onlyNamed } from "./only-named.ts";
import { takeFolders } from "./take-folders.ts";

const STEP_MS = 5 * 60_000;
const MAX_COMMITS = 100;
const MOST_NAMED = 20;

export interface CommitOptions {
  /** Ours, over the agent's files. */
  repository: OwnRepository;
  /** Git as the agent has it: only its HEAD is asked for. */
  git: Git;
  workspace: string;
  base: string;
  commits: WorkOrder["commits"];
  message: string;
  signal: AbortSignal;
}

export type Committed =
  | {
      readonly ok: true;
      /** Null: nothing has changed. */
      readonly commit: string | null;
      /** From the base to the commit, newest first. */
      readonly commits: readonly string[];
      /** False: there is work that is not in the commit. */
      readonly isWhole: boolean;
      /** What a person should know of it. */
      readonly notices: readonly string[];
    }
  | { readonly ok: false; readonly problem: string };

interface Staged {
  readonly notices: string[];
  readonly isWhole: boolean;
}

/**
 * Makes a commit of the workspace as it is. Every file is read: what the agent's index says of them, or its settings,
 * hooks, filters and excludes, has no part in it, and its branch, index and files stay as they are.
 */
export async function commitWork(options: CommitOptions): Promise<Committed> {
  const { repository, base, signal, message, commits } = options;
  const { git } = repository;
  const call: GitCall = { timeoutMs: STEP_MS, signal };
  const problem = gitProblem("Reading the start of the work", await git(["read-tree", base], call));
  if (problem !== null) return { ok: false, problem };
  const { notices, isWhole } = await stage(options, call);
  const work = { notices, isWhole };
  const written = await git(["write-tree"], call);
  const unwritten = gitProblem("Storing the workspace", written);
  if (unwritten !== null) return { ok: false, problem: unwritten };
  const tree = written.stdout.toString().trim();
  notices.push(...(await onlyNamed(git, base, tree, call)));
  const treeOf = async (commit: string): Promise<string> =>
    (await git(["rev-parse", "--verify", "--quiet", `${commit}^{tree}`], call)).stdout.toString().trim();
  const head = commits === "squash" ? base : await headOf(options, call);
  const parent = await pickParent(options, head, call, notices);
  if (tree === (await treeOf(parent)))
    return parent === base
      ? { ok: true, commit: null, commits: [], ...work }
      : listed(options, call, parent, work);
  const made = await git(["commit-tree", "--no-gpg-sign", "-p", parent, "-m", message, tree], call);
  const failed = gitProblem("The commit of the work", made);
  return failed === null
    ? listed(options, call, made.stdout.toString().trim(), work)
    : { ok: false, problem: failed };
}

async function listed(
  { repository, base }: CommitOptions,
  call: GitCall,
  commit: string,
  work: Staged,
): Promise<Committed> {
  const range = ["rev-list", `--max-count=${MAX_COMMITS}`, `${base}..${commit}`, "--"];
  const commits = (await repository.git(range, call)).stdout.toString().split("\n").filter(Boolean);
  return { ok: true, commit, commits: commits.length === 0 ? [commit] : commits, ...work };
}

async function headOf({ git }: CommitOptions, call: GitCall): Promise<string> {
  return (await git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], call)).stdout.toString().trim();
}

/** The agent's own commits can only be kept when they stand on what the task started from. */
async function pickParent(
  { repository, base }: CommitOptions,
  head: string,
  call: GitCall,
  notices: string[],
): Promise<string> {
  if (head === base) return base;
  const stands = ["merge-base", "--is-ancestor", base, head];
  if (head !== "" && (await repository.git(stands, call)).code === 0) return head;
  notices.push(
    "The agent's own commits do not stand on the commit the task started from: they are made into one.",
  );
  return base;
}

/** Everything that is not ignored goes into the index; what could not is told. */
async function stage(options: CommitOptions, call: GitCall): Promise<Staged> {
  const { repository, workspace } = options;
  const { git } = repository;
  const sparse = await keepSparse(repository, workspace, call);
  const folders = await takeFolders(repository, workspace, call);
  // Every file is read once, here: what is found changed afterwards is found by its time and size.
  await git(["update-index", "-q", "--refresh"], call);
  const { added, large } = await addAll(git, workspace, call);
  const limit = MAX_COMMITTED_BYTES / 1024 / 1024;
  const tooLarge = large
    .slice(0, MOST_NAMED)
    .map((path) => `${JSON.stringify(path.toString())} is over ${limit} MiB: it is not in the commit.`);
  const problem = gitProblem("Adding all files to the commit", added);
  const rest = problem === null ? [] : [`${problem} The rest is in it.`];
  return {
    notices: [...sparse, ...folders.notices, ...tooLarge, ...rest],
    isWhole: folders.isWhole && large.length === 0 && problem === null,
  };
}
