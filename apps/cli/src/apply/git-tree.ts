import { copyFile, lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AgencyError } from "@agency/contract";
import type { Session } from "../session.ts";

/** A name as git has it, one character a byte. */
export type GitPath = string;

interface GitUse {
  index?: string;
  input?: string;
}

/** A work tree of the user, driven with the user's own git. Nothing is ever staged: an index of our own is used. */
export interface GitTree {
  readonly top: string;
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
  const found = await gitIn(session, folder)(["rev-parse", "--show-toplevel"]);
  if (found.code !== 0) throw refused("rev-parse", found.stderr);
  const top = Buffer.from(found.stdout.replace(/\n$/, ""), "latin1").toString("utf8");
  return treeAt(session, top, {});
}

function gitIn({ world, signal }: Session, cwd: string, always: Record<string, string> = {}): GitTree["git"] {
  return async (args, { index, input } = {}) => {
    const env = { LC_ALL: "C", ...always, ...(index === undefined ? {} : { GIT_INDEX_FILE: index }) };
    const ran = await world.processes.run("git", args, {
      cwd,
      env,
      signal,
      ...(input === undefined ? {} : { input: Buffer.from(input, "latin1") }),
    });
    if (ran !== null) return { ...ran, stdout: ran.stdout.toString("latin1") };
    throw new AgencyError("unsupported_option", "git is not installed, and this folder is a git work tree.", {
      next: "Install git, or run this in another folder to get the files as they are.",
    });
  };
}

function treeAt(session: Session, top: string, env: Record<string, string>): GitTree {
  const git = gitIn(session, top, env);
  const need: GitTree["need"] = async (args, options) => {
    const { code, stdout, stderr } = await git(args, options);
    if (code !== 0) throw refused(args[0] ?? "", stderr);
    return stdout;
  };
  return {
    top,
    git,
    need,
    withObjects: (folder) => treeAt(session, top, { GIT_ALTERNATE_OBJECT_DIRECTORIES: folder }),
    copyIndex: async (to) => {
      const path = Buffer.from((await need(["rev-parse", "--git-path", "index"])).trim(), "latin1").toString(
        "utf8",
      );
      // A repository without a first `git add` has none.
      await copyFile(path.startsWith("/") ? path : join(top, path), to).catch(ignoreMissing);
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
