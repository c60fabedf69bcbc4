import { pushRejection } from "@agency/core";
import { gitProblem } from "../workspace/git.ts";
import type { Git, GitCall } from "../workspace/git.ts";
import type { ChildResult } from "../process/run-child.ts";

const PUSH_MS = 10 * 60_000;
const STEP_MS = 2 * 60_000;
/** The same words in every language, for us to read; and what the agent may have replaced does not count. */
const ENV = { LC_ALL: "C", GIT_NO_REPLACE_OBJECTS: "1" };
const MOST_PATHS = 20;

export interface PushOptions {
  /** Where the commit is. */
  git: Git;
  url: string;
  branch: string;
  commit: string;
  signal: AbortSignal;
}

export type Pushed = { readonly kind: "pushed" } | { readonly kind: "refused"; readonly problem: string };

/**
 * Pushes to the address of the task, not to what the agent may have made of `origin`. The branch is this task's alone:
 * whatever an earlier attempt pushed there is replaced.
 */
export async function pushBranch(options: PushOptions): Promise<Pushed> {
  const { branch, commit } = options;
  const pushed = await push(options, `+${commit}:refs/heads/${branch}`);
  if (!isUpToDate(pushed)) return judge(branch, pushed);
  // An earlier push came through and its answer did not: the control plane, which believes only what it saw, has not
  // seen it. It is made to see one.
  await push(options, `+${commit}^:refs/heads/${branch}`);
  return judge(branch, await push(options, `+${commit}:refs/heads/${branch}`));
}

function push({ git, url, signal }: PushOptions, refspec: string): Promise<ChildResult> {
  const what = [
    "push",
    "--porcelain",
    "--no-verify",
    "--no-follow-tags",
    "--no-signed",
    "--recurse-submodules=no",
  ];
  return git([...what, "--", url, refspec], { timeoutMs: PUSH_MS, signal, env: ENV });
}

function judge(branch: string, pushed: ChildResult): Pushed {
  const problem = gitProblem(`Pushing to ${branch}`, pushed);
  if (problem === null) return { kind: "pushed" };
  const rejected = pushRejection(pushed.stdout.toString());
  return { kind: "refused", problem: rejected === null ? problem : `${problem}\n${rejected}` };
}

/** `=<tab>from:to<tab>[up to date]` */
function isUpToDate({ code, stdout }: ChildResult): boolean {
  return code === 0 && /^=\t/m.test(stdout.toString());
}

export interface BranchQuestion {
  git: Git;
  url: string;
  branch: string;
  /** Where the work began. */
  base: string;
  signal: AbortSignal;
}

/** Has somebody pushed to a branch since? Not knowing counts as no: who moves it in the end looks again. */
export async function hasMoved({ git, url, branch, base, signal }: BranchQuestion): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  const listed = await git(["ls-remote", "--", url, ref], { timeoutMs: STEP_MS, signal, env: ENV });
  const [, now] = /^([0-9a-f]{40,64})\t/m.exec(listed.stdout.toString()) ?? [];
  return listed.code === 0 && now !== undefined && now !== base;
}

export interface RebaseOptions {
  /** Git in a checkout of its own, where a rebase disturbs nobody. */
  git: Git;
  url: string;
  branch: string;
  base: string;
  commit: string;
  signal: AbortSignal;
}

export type Rebased =
  | { readonly ok: true; readonly commit: string; readonly commits: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** Puts the work on top of what the branch has now. */
export async function rebaseWork({
  git,
  url,
  branch,
  base,
  commit,
  signal,
}: RebaseOptions): Promise<Rebased> {
  const call: GitCall = { timeoutMs: STEP_MS, signal, env: ENV };
  const fetch = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    "--",
    url,
    `refs/heads/${branch}`,
  ];
  const fetched = gitProblem(`Fetching ${branch}`, await git(fetch, { ...call, timeoutMs: PUSH_MS }));
  if (fetched !== null) return { ok: false, problem: fetched };
  const onto = ["rebase", "--quiet", "--no-gpg-sign", "--no-autostash", "--onto", "FETCH_HEAD", base, commit];
  const rebased = await git(onto, call);
  const problem = gitProblem(`Putting the work on top of ${branch}`, rebased);
  if (problem !== null) {
    const paths = await conflictingPaths(git, call);
    const named = paths.length === 0 ? problem : `The work conflicts with ${branch} in ${paths.join(", ")}.`;
    return { ok: false, problem: named };
  }
  const head = await git(["rev-parse", "--verify", "HEAD"], call);
  const made = await git(["rev-list", "--max-count=100", "FETCH_HEAD..HEAD", "--"], call);
  const lines = made.stdout.toString().split("\n").filter(Boolean);
  return { ok: true, commit: head.stdout.toString().trim(), commits: lines };
}

async function conflictingPaths(git: Git, call: GitCall): Promise<string[]> {
  const listed = await git(["diff", "--name-only", "--diff-filter=U", "-z"], call);
  const paths = listed.stdout.toString().split("\0").filter(Boolean);
  const more = paths.length > MOST_PATHS ? [`and ${paths.length - MOST_PATHS} more`] : [];
  return [...paths.slice(0, MOST_PATHS).map((path) => JSON.stringify(path)), ...more];
}
