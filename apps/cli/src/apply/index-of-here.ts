import { lookAt } from "./folders-in-the-way.ts";
import { splitNul } from "./git-tree.ts";
import type { GitPath, GitTree } from "./git-tree.ts";

/** An index of our own, and what the user's knows. */
export interface IndexOfHere {
  index: string;
  tracked: ReadonlySet<GitPath>;
}

/** The user's index as a file of its own. */
export async function openIndex(tree: GitTree, index: string): Promise<IndexOfHere> {
  await tree.copyIndex(index);
  await tree.git(["update-index", "-q", "--refresh"], { index });
  return { index, tracked: new Set(splitNul(await tree.need(["ls-files", "-z"], { index }))) };
}

/** Puts such files as differ from the last commit into the index as they lie here, and tells which these are. */
export async function recordChanges(
  tree: GitTree,
  { index, tracked }: IndexOfHere,
  touched: readonly GitPath[],
): Promise<GitPath[]> {
  const changed = await localChanges(tree, index, touched, tracked);
  if (changed.length > 0) await recordFiles(tree, index, changed);
  return changed;
}

async function localChanges(
  tree: GitTree,
  index: string,
  touched: readonly GitPath[],
  tracked: ReadonlySet<GitPath>,
): Promise<GitPath[]> {
  const changed = new Set<GitPath>();
  // Entries are `XY name`; one for a rename is followed by the name before it.
  for (const entry of splitNul(
    await tree.need(["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty"], {
      index,
    }),
  )) {
    changed.add(/^.. /s.test(entry) ? entry.slice(3) : entry);
  }
  const isLocal = async (path: GitPath) =>
    changed.has(path) || (!tracked.has(path) && (await isThere(tree.top, path)));
  const judged = await Promise.all(touched.map(async (path) => ((await isLocal(path)) ? path : null)));
  return judged.filter((path) => path !== null).toSorted();
}

async function recordFiles(tree: GitTree, index: string, paths: readonly GitPath[]): Promise<void> {
  const input = paths.map((path) => `${path}\0`).join("");
  await tree.need(["update-index", "--add", "--remove", "-z", "--stdin"], { index, input });
}

/** Mode, object and stage of every file in it. */
export async function entriesOf(tree: GitTree, index: string): Promise<Map<GitPath, string>> {
  const entries = new Map<GitPath, string>();
  for (const entry of splitNul(await tree.need(["ls-files", "-s", "-z"], { index }))) {
    const tab = entry.indexOf("\t");
    const path = entry.slice(tab + 1);
    entries.set(path, `${entries.get(path) ?? ""}${entry.slice(0, tab)};`);
  }
  return entries;
}

/** A folder was judged by what is in it. */
async function isThere(top: string, path: GitPath): Promise<boolean> {
  const there = await lookAt(top, path);
  return there !== null && !there.isDirectory();
}
