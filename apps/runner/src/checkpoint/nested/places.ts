import { existsSync, lstatSync, readFileSync, realpathSync } from "node:fs";
import { isUtf8 } from "node:buffer";
import { join, relative, resolve } from "node:path";

/** A repository inside the workspace: its files, and where git keeps what it knows of them, which may be elsewhere. */
export interface Place {
  /** Both from the workspace. */
  readonly path: string;
  readonly gitDir: string;
}

/**
 * Null: it cannot be named, or what git knows of it lies outside of the workspace, or it is one more worktree of a
 * repository, whose commits are there and not here.
 */
export function placeOf(workspace: string, name: Buffer): Place | null {
  if (!isUtf8(name)) return null;
  const path = name.toString();
  const gitDir = gitDirOf(workspace, path);
  if (gitDir === null || !isPlace(path) || !isGitDir(gitDir)) return null;
  return existsSync(join(workspace, gitDir, "commondir")) ? null : { path, gitDir };
}

function gitDirOf(workspace: string, path: string): string | null {
  const own = join(path, ".git");
  try {
    const facts = lstatSync(join(workspace, own));
    if (facts.isDirectory()) return own;
    if (!facts.isFile() || facts.size > 4096) return null;
    const [, to] = /^gitdir: (.+?)\n*$/.exec(readFileSync(join(workspace, own), "utf8")) ?? [];
    if (to === undefined) return null;
    const found = resolve(workspace, path, to);
    return realpathSync(found) === found ? relative(workspace, found) : null;
  } catch {
    return null;
  }
}

/** Written by a sandbox: it is believed to be a place inside the workspace only when it reads as one. */
export function isPlace(path: string): boolean {
  return isBelow(path) && !path.split("/").some((part) => part.toLowerCase() === ".git");
}

/** A folder `.git` but the workspace's own, or the `.git/modules/…` of a submodule: all that is in it is replaced. */
export function isGitDir(path: string): boolean {
  const parts = path.split("/");
  const at = parts.indexOf(".git");
  const [folder, name] = parts.slice(at + 1);
  return (
    isBelow(path) && at >= 0 && (folder === undefined ? at > 0 : folder === "modules" && name !== undefined)
  );
}

function isBelow(path: string): boolean {
  return !path.includes("\0") && path.split("/").every((part) => !["", ".", ".."].includes(part));
}

/** What is written to a folder behind a link lands somewhere else. */
export function isReached(workspace: string, path: string): boolean {
  const parts = path.split("/");
  return parts.every((_, at) => isFolderOrFree(join(workspace, ...parts.slice(0, at + 1))));
}

function isFolderOrFree(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true;
  } catch {
    // Below a file, or too long a name.
    return false;
  }
}

/** For git to be its git. */
export function envOf(workspace: string, { path, gitDir }: Place): Record<string, string> {
  return { GIT_DIR: join(workspace, gitDir), GIT_WORK_TREE: join(workspace, path) };
}
