import { copyFile, lstat, mkdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@agency/core";
import type { RunnerConfig } from "../config.ts";
import { privateFolder } from "../config.ts";
import type { ProcessGroups } from "../process/groups.ts";
import { createGit } from "../workspace/git.ts";
import type { Git } from "../workspace/git.ts";

/**
 * A git directory of our own over the agent's files. It reads the agent's objects and adds its own; the agent's
 * settings, hooks, filters, index, refs and garbage collection do not reach it, and nothing here changes the agent's.
 */
export interface SnapshotStore {
  readonly folder: string;
  readonly index: string;
  readonly workspace: string;
  /** Git over the workspace's files with our directory. */
  readonly ours: Git;
  /** Git with the agent's directory. */
  readonly theirs: Git;
}

export interface StoreOptions {
  config: RunnerConfig;
  clock: Clock;
  groups: ProcessGroups;
}

/** Bytes go in and come back as they are, whatever the repository says of line ends or large files. */
const ATTRIBUTES = "* -text -ident -filter -working-tree-encoding\n";
/** A large file goes into a pack at once: as an object of its own it would be compressed twice (131 MB: 9 s, so 5.7 s). */
const SETTINGS = `[core]
\tbare = false
\tfsync = none
\tcompression = 1
\tbigFileThreshold = 16m
\tprotectHFS = false
\tprotectNTFS = false
[pack]
\tcompression = 1
`;

/** Made anew before the agent starts: the index it copies is then still git's own. */
export async function openStore(options: StoreOptions): Promise<SnapshotStore> {
  const { config, clock, groups } = options;
  const { workspace } = config;
  const folder = join(privateFolder(config), "checkpoint");
  const agents = join(workspace, ".git");
  await rm(folder, { recursive: true, force: true });
  for (const part of ["objects/info", "refs/agency", "info"])
    await mkdir(join(folder, part), { recursive: true, mode: 0o700 });
  const index = join(folder, "index");
  await Promise.all([
    writeFile(join(folder, "HEAD"), "ref: refs/heads/none\n"),
    formatOf(agents).then((format) => writeFile(join(folder, "config"), format + SETTINGS)),
    writeFile(join(folder, "objects", "info", "alternates"), `${join(agents, "objects")}\n`),
    writeFile(join(folder, "info", "attributes"), ATTRIBUTES),
    symlink(join(agents, "info", "exclude"), join(folder, "info", "exclude")),
    symlink(join(agents, "shallow"), join(folder, "shallow")),
    copyIndex(join(agents, "index"), index),
  ]);
  const env = plainEnv(config);
  const own = { GIT_DIR: folder, GIT_WORK_TREE: workspace, GIT_INDEX_FILE: index };
  return {
    folder,
    index,
    workspace,
    ours: createGit(workspace, { ...env, ...own }, clock, groups),
    theirs: createGit(workspace, { ...env, GIT_DIR: agents, GIT_WORK_TREE: workspace }, clock, groups),
  };
}

function plainEnv({ path, lang, tmp, home }: RunnerConfig): Record<string, string> {
  return {
    PATH: path,
    LANG: lang,
    TMPDIR: tmp,
    HOME: home,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_AUTHOR_NAME: "Agency",
    GIT_AUTHOR_EMAIL: "agent@agency.invalid",
    GIT_COMMITTER_NAME: "Agency",
    GIT_COMMITTER_EMAIL: "agent@agency.invalid",
  };
}

async function formatOf(agents: string): Promise<string> {
  const settings = await readFile(join(agents, "config"), "utf8").catch(() => "");
  return /objectformat\s*=\s*sha256/i.test(settings)
    ? "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tobjectFormat = sha256\n"
    : "[core]\n\trepositoryFormatVersion = 0\n";
}

/**
 * Git trusts an entry only when the file is older than the index. A younger copy would be believed about files that
 * changed in the same instant, so the copy keeps the time of the original.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  try {
    const { atimeMs, mtimeMs } = await stat(from);
    await copyFile(from, to);
    await utimes(to, atimeMs / 1000, Math.floor(mtimeMs) / 1000);
  } catch {
    // An empty repository has none: git then makes a new one.
  }
}

/** A repository that cannot be reached any more is a different thing from one without commits. */
export async function hasRepository(workspace: string): Promise<boolean> {
  return lstat(join(workspace, ".git", "HEAD")).then(
    () => true,
    () => false,
  );
}
