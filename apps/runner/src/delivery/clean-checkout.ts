import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@agency/core";
import type { ProcessGroups } from "../process/groups.ts";
import { createGit, gitProblem } from "../workspace/git.ts";
import type { Git } from "../workspace/git.ts";
import { plainGitEnv } from "../workspace/plain-env.ts";
import { borrowObjects, writeRepository } from "../workspace/write-repository.ts";
import { removeFolder } from "./remove-folder.ts";

const STEP_MS = 5 * 60_000;

export interface CheckoutOptions {
  /** The git directory that has the commit. */
  from: string;
  env: Readonly<Record<string, string>>;
  clock: Clock;
  groups: ProcessGroups;
  /** Where the folder is made. */
  scratch: string;
  commit: string;
  signal: AbortSignal;
}

export interface Checkout {
  readonly folder: string;
  /** Git in the checkout. */
  readonly git: Git;
  remove(): Promise<void>;
}

/**
 * A commit in a repository of its own: unlike a worktree it has none of the settings, filters and hooks the agent may
 * have left, and nothing done in it comes back. Its files are fetched and not borrowed: what is fetched is hashed, so an
 * object that was overwritten under its old name is found out. History is only borrowed, once they lie there.
 */
export async function cleanCheckout(
  options: CheckoutOptions,
): Promise<{ ok: true; checkout: Checkout } | { ok: false; problem: string }> {
  const { from, env, clock, groups, scratch, commit, signal } = options;
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, "checkout-"));
  const git = createGit(folder, plainGitEnv(env), clock, groups);
  const remove = (): Promise<void> => removeFolder(folder);
  const call = { timeoutMs: STEP_MS, signal };
  const what = "The clean checkout";
  const fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--", from, commit];
  const own = join(folder, ".git");
  const problem =
    (await attempt(() => writeRepository(own, from))) ??
    gitProblem(what, await git(fetch, call)) ??
    gitProblem(what, await git(["checkout", "--quiet", "--detach", commit], call)) ??
    (await attempt(() => borrowObjects(own, from)));
  if (problem === null) return { ok: true, checkout: { folder, git, remove } };
  await remove().catch(() => undefined);
  return { ok: false, problem };
}

async function attempt(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return `The clean checkout failed: ${error instanceof Error ? error.message : "unknown error"}`;
  }
}
