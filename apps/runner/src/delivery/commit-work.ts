import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { WorkOrder } from "@agency/contract";
import { addAll, MAX_COMMITTED_BYTES } from "../workspace/add-all.ts";
import { copyIndex } from "../workspace/copy-index.ts";
import { gitProblem } from "../workspace/git.ts";
import type { Git, GitCall } from "../workspace/git.ts";

const STEP_MS = 5 * 60_000;
const MAX_COMMITS = 100;
const MOST_NAMED = 20;
/** Keeps the commit from git's collector without touching a branch of the agent. */
const RESULT_REF = "refs/agency/result";

export interface CommitOptions {
  git: Git;
  workspace: string;
  scratch: string;
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
      /** What a person should know of it. */
      readonly notices: readonly string[];
    }
  | { readonly ok: false; readonly problem: string };

/**
 * Makes a commit of the workspace as it is, out of git's inner commands: no hook, filter setting or editor of the
 * agent has a part in it, and its branch, index and files stay as they are.
 */
export async function commitWork(options: CommitOptions): Promise<Committed> {
  const index = join(options.scratch, "commit-index");
  await rm(index, { force: true });
  await copyIndex(options.workspace, index);
  try {
    return await commit(options, { GIT_INDEX_FILE: index, GIT_NO_REPLACE_OBJECTS: "1" });
  } finally {
    for (const path of [index, `${index}.lock`]) await rm(path, { force: true }).catch(() => undefined);
  }
}

async function commit(options: CommitOptions, env: Record<string, string>): Promise<Committed> {
  const { git, base, signal, message } = options;
  const call: GitCall = { timeoutMs: STEP_MS, signal, env };
  const notices = await stage(options, call);
  const written = await git(["write-tree"], call);
  const problem = gitProblem("Storing the workspace", written);
  if (problem !== null) return { ok: false, problem };
  const tree = written.stdout.toString().trim();
  const ask = async (what: string): Promise<string> =>
    (await git(["rev-parse", "--verify", "--quiet", what], call)).stdout.toString().trim();
  if (
    tree === (await ask(`${base}^{tree}`)) &&
    (options.commits === "squash" || (await ask("HEAD")) === base)
  )
    return { ok: true, commit: null, commits: [], notices };
  const parent = await pickParent(options, call, notices);
  if (tree === (await ask(`${parent}^{tree}`)))
    return parent === base
      ? { ok: true, commit: null, commits: [], notices }
      : finish(options, call, parent, notices);
  const made = await git(["commit-tree", "--no-gpg-sign", "-p", parent, "-m", message, tree], call);
  const failed = gitProblem("The commit of the work", made);
  return failed === null
    ? finish(options, call, made.stdout.toString().trim(), notices)
    : { ok: false, problem: failed };
}

async function finish(
  { git, base }: CommitOptions,
  call: GitCall,
  commit: string,
  notices: readonly string[],
): Promise<Committed> {
  await git(["update-ref", "--no-deref", RESULT_REF, commit], call);
  const listed = await git(["rev-list", `--max-count=${MAX_COMMITS}`, `${base}..${commit}`, "--"], call);
  const commits = listed.stdout.toString().split("\n").filter(Boolean);
  return { ok: true, commit, commits: commits.length === 0 ? [commit] : commits, notices };
}

/** The agent's own commits can only be kept when they stand on what the task started from. */
async function pickParent(
  { git, base, commits }: CommitOptions,
  call: GitCall,
  notices: string[],
): Promise<string> {
  if (commits === "squash") return base;
  const head = await git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], call);
  const standsOnBase =
    head.code === 0 && (await git(["merge-base", "--is-ancestor", base, "HEAD"], call)).code === 0;
  if (standsOnBase) return head.stdout.toString().trim();
  notices.push(
    "The agent's own commits do not stand on the commit the task started from: they are made into one.",
  );
  return base;
}

/** Everything that is not ignored goes into the index; what could not is told. */
async function stage({ git, workspace }: CommitOptions, call: GitCall): Promise<string[]> {
  const { added, large } = await addAll(git, workspace, call);
  const limit = MAX_COMMITTED_BYTES / 1024 / 1024;
  const notices = large
    .slice(0, MOST_NAMED)
    .map((path) => `${JSON.stringify(path.toString())} is over ${limit} MiB: it is not in the commit.`);
  const problem = gitProblem("Adding all files to the commit", added);
  return problem === null ? notices : [...notices, `${problem}\nThe rest is in it.`];
}
