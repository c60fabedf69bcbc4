import { copyFile, lstat } from "node:fs/promises";
import { join } from "node:path";
import { AgencyError } from "@agency/contract";
import { splitNul } from "./git-tree.ts";
import type { GitPath, GitTree } from "./git-tree.ts";

interface PatchedFile {
  path: GitPath;
  /** Null: binary. */
  added: number | null;
  removed: number | null;
}

export interface PatchPlan {
  files: PatchedFile[];
  /** Touched by the patch and changed here since the last commit. */
  local: GitPath[];
  /** Changed on both sides in the same place. */
  conflicts: GitPath[];
  /** The index that holds what is here now, local changes included. */
  index: string;
}

/**
 * Tries a patch on a copy of the index: the work tree stays as it is. `start`: the commit of the files as they were
 * handed over; null: the task began with what is committed here.
 */
export async function planPatch(
  tree: GitTree,
  patch: string,
  folder: string,
  start: string | null,
): Promise<PatchPlan> {
  const numbers = await tree.need(["apply", "--numstat", "-z", patch]);
  // In reverse, git tells the names as they were before.
  const before = splitNul(await tree.need(["apply", "-R", "--numstat", "-z", patch])).map(nameOf);
  const files = splitNul(numbers).map(toFile);
  const touched = [...new Set([...files.map(({ path }) => path), ...before])];
  const index = join(folder, "index");
  await tree.copyIndex(index);
  await tree.git(["update-index", "-q", "--refresh"], { index });
  const changed = await localChanges(tree, index, touched);
  if (changed.length > 0) await recordFiles(tree, index, changed);
  const local = start === null ? changed : await changedSince(tree, index, start, touched);
  return { files, local, index, conflicts: await tryPatch(tree, patch, index, join(folder, "trial")) };
}

/** Puts the patch into the work tree. What conflicts gets git's marks. */
export async function applyPatch(tree: GitTree, patch: string, { index }: PatchPlan): Promise<void> {
  const { code, stderr } = await tree.git(["apply", "--3way", patch], { index });
  if (code !== 0 && (await unmerged(tree, index)).length === 0) throw doesNotApply(stderr);
}

async function localChanges(tree: GitTree, index: string, touched: readonly GitPath[]): Promise<GitPath[]> {
  const changed = new Set<GitPath>();
  // Entries are `XY name`; one for a rename is followed by the name before it.
  for (const entry of splitNul(
    await tree.need(["status", "--porcelain", "-z", "--untracked-files=no"], { index }),
  )) {
    changed.add(/^.. /s.test(entry) ? entry.slice(3) : entry);
  }
  const tracked = new Set(splitNul(await tree.need(["ls-files", "-z"], { index })));
  const isLocal = async (path: GitPath) =>
    tracked.has(path) ? changed.has(path) : changed.has(path) || (await isThere(tree.top, path));
  const judged = await Promise.all(touched.map(async (path) => ((await isLocal(path)) ? path : null)));
  return judged.filter((path) => path !== null).toSorted();
}

/** Of the files the patch touches, those that are not as they were handed over. */
async function changedSince(
  tree: GitTree,
  index: string,
  start: string,
  touched: readonly GitPath[],
): Promise<GitPath[]> {
  const diff = ["diff-index", "--cached", "-z", "--name-only", "--no-renames", start];
  const changed = new Set(splitNul(await tree.need(diff, { index })));
  return touched.filter((path) => changed.has(path)).toSorted();
}

async function recordFiles(tree: GitTree, index: string, paths: readonly GitPath[]): Promise<void> {
  const input = paths.map((path) => `${path}\0`).join("");
  await tree.need(["update-index", "--add", "--remove", "-z", "--stdin"], { index, input });
}

async function tryPatch(tree: GitTree, patch: string, index: string, trial: string): Promise<GitPath[]> {
  await copyFile(index, trial).catch(() => {});
  const { code, stderr } = await tree.git(["apply", "--cached", "--3way", patch], { index: trial });
  const conflicts = await unmerged(tree, trial);
  if (code !== 0 && conflicts.length === 0) throw doesNotApply(stderr);
  return conflicts;
}

async function unmerged(tree: GitTree, index: string): Promise<GitPath[]> {
  const entries = splitNul(await tree.need(["ls-files", "-u", "-z"], { index }));
  return [...new Set(entries.map((entry) => entry.slice(entry.indexOf("\t") + 1)))];
}

async function isThere(top: string, path: GitPath): Promise<boolean> {
  const at = Buffer.concat([Buffer.from(`${top}/`), Buffer.from(path, "latin1")]);
  return lstat(at).then(
    () => true,
    () => false,
  );
}

function toFile(entry: string): PatchedFile {
  const [added = "", removed = ""] = entry.split("\t");
  const count = (text: string) => (text === "-" ? null : Number(text));
  return { path: nameOf(entry), added: count(added), removed: count(removed) };
}

const nameOf = (entry: string): GitPath => entry.replace(/^[^\t]*\t[^\t]*\t/, "");

function doesNotApply(stderr: string): AgencyError {
  const lines = stderr.split("\n").filter((line) => line.startsWith("error:"));
  return new AgencyError(
    "conflict",
    ["The patch does not fit this work tree.", ...lines.slice(0, 10)].join("\n"),
    {
      next: "Check that this is the task's repository, and fetch the branch it started from.",
    },
  );
}
