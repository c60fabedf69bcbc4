import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { AgencyError } from "@agency/contract";
import { foldersInTheWay } from "./folders-in-the-way.ts";
import { splitNul } from "./git-tree.ts";
import type { GitPath, GitTree } from "./git-tree.ts";
import { entriesOf, openIndex, recordChanges } from "./index-of-here.ts";
import { behindLinks, linksOut, patternOf } from "./leads-out.ts";
import type { LeadsOut } from "./leads-out.ts";
import { listed } from "./listed.ts";
import { namesOf } from "./git-config.ts";

interface PatchedFile {
  path: GitPath;
  /** What becomes of the one here; `same`: it is as the task left it already. */
  kind: "create" | "change" | "delete" | "same";
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
  /** Links that would lead out of the tree: they are not made. */
  leftOut: LeadsOut[];
  /** A filter of git's is for them, and is not run: they come as git stores them. */
  filtered: GitPath[];
  /** The index that holds what is here now, local changes included. */
  index: string;
}

/** Byte for byte, whatever the user's settings make of white space. */
export const APPLY = ["apply", "--whitespace=nowarn"];

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
  const { files, touched } = await touchedBy(tree, patch);
  refuseBehind(await behindLinks(tree.top, touched));
  const here = await openIndex(tree, join(folder, "index"));
  const { index, tracked } = here;
  // One that is tracked itself is a submodule.
  const anew = files.flatMap(({ path }) => (tracked.has(path) ? [] : path));
  refuseFolders(await foldersInTheWay(tree.top, anew, new Set(touched)));
  const changed = await recordChanges(tree, here, touched);
  const local = start === null ? changed : await changedSince(tree, index, start, touched);
  const trial = join(folder, "trial");
  const conflicts = await tryPatch(tree, patch, index, trial);
  const leftOut = await linksOut(tree, trial, touched);
  const isLeftOut = (path: GitPath) => leftOut.some((link) => link.path === path);
  const kindOf = await compareIndexes(tree, index, trial);
  return {
    files: files.filter(({ path }) => !isLeftOut(path)).map((file) => ({ ...file, kind: kindOf(file.path) })),
    // What stays as it is loses nothing.
    local: local.filter((path) => !isLeftOut(path) && kindOf(path) !== "same"),
    conflicts: conflicts.filter((path) => !isLeftOut(path)),
    leftOut,
    filtered: await filteredIn(tree, files),
    index,
  };
}

/** Puts the patch into the work tree. What conflicts gets git's marks. */
export async function applyPatch(
  tree: GitTree,
  patch: string,
  { index, leftOut, files }: PatchPlan,
): Promise<void> {
  if (files.length === 0) return;
  const without = leftOut.map(({ path }) => `--exclude=${patternOf(path)}`);
  const { code, stderr } = await tree.git([...APPLY, "--3way", ...without, patch], { index });
  if (code !== 0 && (await unmerged(tree, index)).length === 0) throw doesNotApply(stderr);
}

/** Of the files the patch touches, those that are not as they were handed over. */
async function changedSince(
  tree: GitTree,
  index: string,
  start: string,
  touched: readonly GitPath[],
): Promise<GitPath[]> {
  const diff = [
    "diff-index",
    "--cached",
    "--ignore-submodules=none",
    "-z",
    "--name-only",
    "--no-renames",
    "--no-ext-diff",
    start,
  ];
  const changed = new Set(splitNul(await tree.need(diff, { index })));
  return touched.filter((path) => changed.has(path)).toSorted();
}

/** Every file of a patch by the name it has then, and all names it touches. */
export async function touchedBy(
  tree: GitTree,
  patch: string,
): Promise<{ files: Omit<PatchedFile, "kind">[]; touched: GitPath[] }> {
  const numbers = await tree.need(["apply", "--numstat", "-z", patch]);
  // In reverse, git tells the names as they were before.
  const before = splitNul(await tree.need(["apply", "-R", "--numstat", "-z", patch])).map(nameOf);
  const files = splitNul(numbers).map(toCounted);
  return { files, touched: [...new Set([...files.map(({ path }) => path), ...before])] };
}

async function tryPatch(tree: GitTree, patch: string, index: string, trial: string): Promise<GitPath[]> {
  await copyFile(index, trial).catch(() => {});
  const { code, stderr } = await tree.git([...APPLY, "--cached", "--3way", patch], { index: trial });
  const conflicts = await unmerged(tree, trial);
  if (code === 0 || conflicts.length > 0) return conflicts;
  // A file that is gone cannot be deleted again. Asked only now: a patch could fit backwards at another place, too.
  const { code: undone } = await tree.git([...APPLY, "--cached", "--check", "-R", patch], { index });
  if (undone !== 0) throw doesNotApply(stderr);
  return [];
}

async function compareIndexes(
  tree: GitTree,
  before: string,
  after: string,
): Promise<(path: GitPath) => PatchedFile["kind"]> {
  const [old, now] = await Promise.all([entriesOf(tree, before), entriesOf(tree, after)]);
  return (path) => {
    if (old.get(path) === now.get(path)) return "same";
    if (!old.has(path)) return "create";
    return now.has(path) ? "change" : "delete";
  };
}

async function filteredIn(tree: GitTree, files: readonly Pick<PatchedFile, "path">[]): Promise<GitPath[]> {
  const filters = new Set(namesOf(tree.config, "filter"));
  if (filters.size === 0) return [];
  const input = files.map(({ path }) => `${path}\0`).join("");
  const told = await tree.need(["check-attr", "-z", "--stdin", "filter"], { input });
  return [...told.matchAll(/([^\0]*)\0filter\0([^\0]*)\0/g)].flatMap(([, path = "", value = ""]) =>
    filters.has(Buffer.from(value, "latin1").toString("utf8")) ? path : [],
  );
}

async function unmerged(tree: GitTree, index: string): Promise<GitPath[]> {
  const entries = splitNul(await tree.need(["ls-files", "-u", "-z"], { index }));
  return [...new Set(entries.map((entry) => entry.slice(entry.indexOf("\t") + 1)))];
}

function toCounted(entry: string): Omit<PatchedFile, "kind"> {
  const [added = "", removed = ""] = entry.split("\t");
  const count = (text: string) => (text === "-" ? null : Number(text));
  return { path: nameOf(entry), added: count(added), removed: count(removed) };
}

const nameOf = (entry: string): GitPath => entry.replace(/^[^\t]*\t[^\t]*\t/, "");

function refuseBehind(behind: readonly string[]): void {
  if (behind.length === 0) return;
  const what = "The task changed files that would be written through links here. Nothing was written:";
  throw new AgencyError("conflict", [what, ...listed(behind)].join("\n"), {
    next: "Put folders in the place of the links, or apply it in a fresh clone.",
  });
}

function refuseFolders(folders: readonly GitPath[]): void {
  if (folders.length === 0) return;
  const what = "The task put files where folders of yours are, with more in them than it knows:";
  const names = folders.map((path) => Buffer.from(path, "latin1").toString("utf8"));
  throw new AgencyError("conflict", [what, ...listed(names)].join("\n"), {
    next: "Move what is yours out of them, or apply it in a fresh clone.",
  });
}

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
