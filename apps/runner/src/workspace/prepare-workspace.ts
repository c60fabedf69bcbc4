import { access, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Repository } from "@agency/contract";
import { gitProblem } from "./git.ts";
import type { Git, GitCall } from "./git.ts";

const CLONE_MS = 15 * 60_000;
const LOCAL_MS = 60_000;
const BRANCH = "main";
const MESSAGE = "Start of the task";
/** Git knows the empty tree by this name without storing it. */
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

export type Prepared =
  /** `base`: the commit every change is measured against. */
  { readonly ok: true; readonly base: string } | { readonly ok: false; readonly problem: string };

export interface PrepareOptions {
  git: Git;
  workspace: string;
  repository: Repository | null;
  /** A repository of this machine whose objects are borrowed instead of fetched; null when there is none. */
  mirror?: string | null;
  /** How git gets from the URL people know to the forwarder, the only way to a repository. */
  gitSettings: readonly (readonly [key: string, value: string])[];
  signal: AbortSignal;
}

/** A workspace always is a git repository with at least one commit, so that there is always a diff. */
export async function prepareWorkspace(options: PrepareOptions): Promise<Prepared> {
  try {
    return await prepare(options);
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown error";
    return { ok: false, problem: `The workspace ${options.workspace} cannot be used: ${why}` };
  }
}

async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { repository, workspace } = options;
  if (await exists(join(workspace, ".git"))) return findBase(options);
  const problem = repository === null ? await initialise(options) : await clone(options, repository);
  if (problem !== null) return { ok: false, problem };
  const isEmpty = repository === null && (await readdir(workspace)).length === 1;
  return isEmpty ? commitNothing(options) : findBase(options);
}

async function initialise({ git, signal }: PrepareOptions): Promise<string | null> {
  const call = { timeoutMs: LOCAL_MS, signal };
  return gitProblem(
    "git init",
    await git(["init", "--quiet", "--template=", `--initial-branch=${BRANCH}`], call),
  );
}

/** Files are written by as many processes as there are processors. */
const PARALLEL = ["-c", "checkout.workers=0"];

/**
 * What the repository is now always comes through the broker; a mirror only spares what it has already. One that is
 * broken is no reason to fail: without it the same takes longer.
 */
async function clone(options: PrepareOptions, repository: Repository): Promise<string | null> {
  const { mirror = null, signal, workspace } = options;
  if (mirror !== null) {
    const problem = await cloneFrom(options, repository, ["--reference", mirror]);
    if (problem === null || signal.aborted) return problem;
    const left = await readdir(workspace);
    await Promise.all(left.map((name) => rm(join(workspace, name), { recursive: true, force: true })));
  }
  return cloneFrom(options, repository, []);
}

async function cloneFrom(
  { git, gitSettings, signal }: PrepareOptions,
  { url, branch }: Repository,
  reference: readonly string[],
): Promise<string | null> {
  const call = { timeoutMs: CLONE_MS, signal };
  // `clone` takes names of branches and tags only.
  const ref = branch?.startsWith("refs/") === true ? branch : null;
  const named = ref !== null ? ["--no-checkout"] : branch === undefined ? [] : ["--branch", branch];
  const clone = ["clone", "--quiet", ...reference, ...named, "--", url, "."];
  const problem =
    gitProblem(`Cloning ${url}`, await git([...PARALLEL, ...clone], call)) ??
    (ref === null ? null : await checkOut(git, ref, call));
  return problem === null ? null : asPeopleKnowIt(problem, gitSettings);
}

/** A ref that is no branch, as that of a pull request. */
async function checkOut(git: Git, ref: string, call: GitCall): Promise<string | null> {
  const fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "origin", `+${ref}`];
  const checkout = [...PARALLEL, "checkout", "--quiet", "--detach", "FETCH_HEAD"];
  return (
    gitProblem(`Fetching ${ref}`, await git(fetch, call)) ??
    gitProblem(`Checking out ${ref}`, await git(checkout, call))
  );
}

/** Git names the address it was sent to; nobody but us knows that one. */
export function asPeopleKnowIt(text: string, gitSettings: PrepareOptions["gitSettings"]): string {
  return gitSettings.reduce((known, [key, value]) => {
    const through = /^url\.(.+)\.insteadOf$/i.exec(key)?.[1];
    return through === undefined ? known : known.replaceAll(through, value);
  }, text);
}

/** The way of every task without a repository: a third of the time of `git commit`, before the first event. */
async function commitNothing({ git, signal, workspace }: PrepareOptions): Promise<Prepared> {
  const made = await git(["commit-tree", "-m", MESSAGE, EMPTY_TREE], { timeoutMs: LOCAL_MS, signal });
  const problem = gitProblem("The first commit", made);
  if (problem !== null) return { ok: false, problem };
  const base = made.stdout.toString().trim();
  await writeFile(join(workspace, ".git", "refs", "heads", BRANCH), `${base}\n`);
  return { ok: true, base };
}

async function findBase({ git, signal }: PrepareOptions): Promise<Prepared> {
  const call = { timeoutMs: LOCAL_MS, signal };
  const head = await git(["rev-parse", "--verify", "--quiet", "HEAD"], call);
  if (head.code === 0) return { ok: true, base: head.stdout.toString().trim() };
  const commit = ["commit", "--quiet", "--allow-empty", "--no-gpg-sign", "-m", MESSAGE];
  const problem =
    gitProblem("git add", await git(["add", "--all"], call)) ??
    gitProblem("The first commit", await git(commit, call));
  if (problem !== null) return { ok: false, problem };
  const first = await git(["rev-parse", "--verify", "HEAD"], call);
  const missing = gitProblem("git rev-parse", first);
  return missing === null
    ? { ok: true, base: first.stdout.toString().trim() }
    : { ok: false, problem: missing };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
