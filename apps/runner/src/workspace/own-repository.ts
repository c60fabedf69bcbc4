import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@agency/core";
import type { ProcessGroups } from "../process/groups.ts";
import { createGit } from "./git.ts";
import type { Git } from "./git.ts";
import { plainGitEnv } from "./plain-env.ts";
import { borrowObjects, writeRepository } from "./write-repository.ts";

/**
 * A git directory of ours over the workspace's files. It reads the agent's objects and keeps new ones to itself; of the
 * agent's settings, hooks, filters, index, attributes and excludes it knows nothing.
 */
export interface OwnRepository {
  readonly folder: string;
  readonly git: Git;
  /** The agent's git directory. */
  readonly agents: string;
}

export interface OwnRepositoryOptions {
  env: Readonly<Record<string, string>>;
  clock: Clock;
  groups: ProcessGroups;
  workspace: string;
  /** A folder of ours outside the workspace. */
  scratch: string;
}

export type Opened =
  | { readonly ok: true; readonly repository: OwnRepository }
  | { readonly ok: false; readonly problem: string };

export async function openOwnRepository(options: OwnRepositoryOptions): Promise<Opened> {
  const { env, clock, groups, workspace, scratch } = options;
  const agents = join(workspace, ".git");
  const problem = (await replaced(agents)) ?? (await replaced(join(agents, "objects")));
  if (problem !== null) return { ok: false, problem };
  const folder = join(scratch, "work.git");
  try {
    await writeRepository(folder, agents);
    await borrowObjects(folder, agents);
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown error";
    return { ok: false, problem: `The work cannot be made into a commit: ${why}` };
  }
  const own = { GIT_DIR: folder, GIT_WORK_TREE: workspace, GIT_INDEX_FILE: join(folder, "index") };
  const git = createGit(workspace, { ...plainGitEnv(env), ...own }, clock, groups);
  return { ok: true, repository: { folder, git, agents } };
}

/** A file or a link there names some other repository, with any history at all. */
async function replaced(path: string): Promise<string | null> {
  const facts = await lstat(path).catch(() => null);
  if (facts?.isDirectory() === true) return null;
  const now = facts === null ? "gone" : facts.isSymbolicLink() ? "a link now" : "a file now";
  return `The agent replaced the repository it was given: ${path} is ${now}. The work cannot be made into a commit.`;
}
