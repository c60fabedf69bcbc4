import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@agency/core";
import type { ProcessGroups } from "../process/groups.ts";
import { createGit, gitProblem } from "../workspace/git.ts";
import type { Git } from "../workspace/git.ts";

const STEP_MS = 5 * 60_000;

export interface CheckoutOptions {
  /** Git in the workspace. */
  git: Git;
  env: Record<string, string>;
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
 * A commit in a repository of its own that only borrows the objects: unlike a worktree it has none of the settings,
 * filters and hooks the agent may have left, and nothing done in it comes back.
 */
export async function cleanCheckout(
  options: CheckoutOptions,
): Promise<{ ok: true; checkout: Checkout } | { ok: false; problem: string }> {
  const { env, clock, groups, scratch, commit, signal } = options;
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, "checkout-"));
  const git = createGit(folder, env, clock, groups);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const call = { timeoutMs: STEP_MS, signal };
  const what = "The clean checkout";
  const found = await options.git(["rev-parse", "--path-format=absolute", "--git-common-dir"], call);
  const source = found.stdout.toString().replace(/\n$/, "");
  const problem =
    gitProblem(what, found) ??
    gitProblem(what, await git(["init", "--quiet", "--template=", "--initial-branch=main"], call)) ??
    (await borrow(source, folder)) ??
    gitProblem(what, await git(["checkout", "--quiet", "--detach", commit], call));
  if (problem === null) return { ok: true, checkout: { folder, git, remove } };
  await remove().catch(() => undefined);
  return { ok: false, problem };
}

async function borrow(source: string, folder: string): Promise<string | null> {
  try {
    await writeFile(join(folder, ".git", "objects", "info", "alternates"), `${join(source, "objects")}\n`);
    // A shallow history has to be known as one.
    await copyFile(join(source, "shallow"), join(folder, ".git", "shallow")).catch(() => undefined);
    return null;
  } catch (error) {
    return `The clean checkout failed: ${error instanceof Error ? error.message : "unknown error"}`;
  }
}
