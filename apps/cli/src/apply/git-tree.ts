import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AgencyError } from "@agency/contract";
import type { Session } from "../session.ts";
import { copyIndex } from "./copy-index.ts";
import { configEntries } from "./git-config.ts";
import type { ConfigEntry } from "./git-config.ts";
import { NO_PROGRAMS, withoutPrograms } from "./without-programs.ts";

/** A name as git has it, one character a byte. */
export type GitPath = string;

interface GitUse {
  index?: string;
  input?: string;
}

/**
 * A work tree of the user, driven with the user's own git. Nothing is ever staged: an index of our own is used. Nothing
 * of the tree is run either: no hooks, filters, merge drivers and daemons, whatever the configuration says.
 */
export interface GitTree {
  readonly top: string;
  /** Git's settings here, as they were before anything changed. */
  readonly config: readonly ConfigEntry[];
  git(args: string[], options?: GitUse): Promise<{ code: number; stdout: string; stderr: string }>;
  /** As `git`, for what must succeed. */
  need(args: string[], options?: GitUse): Promise<string>;
  /** The same tree, whose git also knows what lies in another folder of objects. */
  withObjects(folder: string): GitTree;
  /** The user's index as a file of its own. */
  copyIndex(to: string): Promise<void>;
}

/** The work tree a folder is in; null when it is in none. */
export async function findGitTree(session: Session, folder: string): Promise<GitTree | null> {
  if (!(await isBelowGit(folder))) return null;
  const found = await gitIn(session, folder, { config: [] })(["rev-parse", "--show-toplevel"]);
  if (found.code !== 0) throw refused("rev-parse", found.stderr);
  const top = Buffer.from(found.stdout.replace(/\n$/, ""), "latin1").toString("utf8");
  const listed = await runGit(session, top, ["config", "--list", "--show-origin", "-z"]);
  if (listed.code !== 0) throw refused("config", listed.stderr);
  const config = configEntries(Buffer.from(listed.stdout, "latin1").toString("utf8"));
  return treeAt(session, top, { config });
}

interface Setting {
  config: readonly ConfigEntry[];
  env?: Record<string, string>;
}

function gitIn(session: Session, cwd: string, { config, env = {} }: Setting): GitTree["git"] {
  const quiet = withoutPrograms(config);
  return (args, { index, input } = {}) =>
    runGit(session, cwd, [...quiet, ...args], {
      env: { ...env, ...(index === undefined ? {} : { GIT_INDEX_FILE: index }) },
      ...(input === undefined ? {} : { input: Buffer.from(input, "latin1") }),
    });
}

async function runGit(
  { world, signal }: Session,
  cwd: string,
  args: string[],
  { env = {}, input }: { env?: Record<string, string>; input?: Buffer } = {},
): ReturnType<GitTree["git"]> {
  const ran = await world.processes.run("git", args, {
    cwd,
    env: { LC_ALL: "C", ...NO_PROGRAMS, ...env },
    signal,
    ...(input === undefined ? {} : { input }),
  });
  if (ran !== null) return { ...ran, stdout: ran.stdout.toString("latin1") };
  throw new AgencyError("unsupported_option", "git is not installed, and this folder is a git work tree.", {
    next: "Install git, or run this in another folder to get the files as they are.",
  });
}

function treeAt(session: Session, top: string, setting: Setting): GitTree {
  const git = gitIn(session, top, setting);
  const need: GitTree["need"] = async (args, options) => {
    const { code, stdout, stderr } = await git(args, options);
    if (code !== 0) throw refused(args[0] ?? "", stderr);
    return stdout;
  };
  return {
    top,
    config: setting.config,
    git,
    need,
    withObjects: (folder) =>
      treeAt(session, top, { ...setting, env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: folder } }),
    copyIndex: async (to) => {
      const path = Buffer.from((await need(["rev-parse", "--git-path", "index"])).trim(), "latin1").toString(
        "utf8",
      );
      await copyIndex(path.startsWith("/") ? path : join(top, path), to);
    },
  };
}

export const splitNul = (text: string): string[] => text.split("\0").filter((part) => part !== "");

function refused(command: string, stderr: string): AgencyError {
  return new AgencyError("conflict", `git ${command} failed: ${stderr}`);
}

async function isBelowGit(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const there = await lstat(join(at, ".git")).catch(ignoreMissing);
    if (there !== undefined) return true;
    if (at === dirname(at)) return false;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
