import { copyFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { GitPath, GitTree } from "./git-tree.ts";
import { entriesOf, openIndex, recordChanges } from "./index-of-here.ts";
import { behindLinks } from "./leads-out.ts";
import { APPLY, touchedBy } from "./plan-patch.ts";

const DIFF = [
  "diff-tree",
  "-r",
  "--ignore-submodules=none",
  "-p",
  "--binary",
  "--full-index",
  "--find-renames",
];
const AS_THEY_ARE = ["--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/"];

export interface Rest {
  /** The patch from the end of the earlier task to the end of this one. */
  path: string;
  isEmpty: boolean;
  /** The files as the earlier task left them. */
  start: string;
}

/**
 * The patch of a task that went on from another one holds the work of both. Where the earlier one's lies here already,
 * only the rest is missing. Both ends are made out of the blobs that the patches name as their start, away from the work
 * tree. Null: the earlier work is not here, or git does not have what it started from.
 */
export async function restOverEarlier(
  tree: GitTree,
  { patch, earlier, folder }: { patch: string; earlier: string; folder: string },
): Promise<Rest | null> {
  const { touched } = await touchedBy(tree, earlier);
  const without = await takenBack(tree, { earlier, touched }, folder);
  if (without === null) return null;
  const base = await commonStart(tree, [earlier, patch], { without, folder });
  if (base === null) return null;
  const before = await madeOn(tree, base, earlier, join(folder, "before"));
  const after = await madeOn(tree, base, patch, join(folder, "after"));
  if (before === null || after === null || (await mayBeginAt(tree, before, patch, folder))) return null;
  const [start, end] = [await treeOf(tree, before), await treeOf(tree, after)];
  const path = join(folder, "rest.patch");
  await tree.need([...DIFF, ...AS_THEY_ARE, `--output=${path}`, start, end]);
  return { path, isEmpty: (await stat(path)).size === 0, start };
}

/**
 * A task that was given a branch to go on with may have begun at the earlier work itself: then its patch holds nothing of
 * that, and is no sign that it was undone.
 */
async function mayBeginAt(tree: GitTree, before: string, patch: string, folder: string): Promise<boolean> {
  const index = join(folder, "begun");
  const { code } = await tree.git(["apply", `--build-fake-ancestor=${index}`, patch], { index: before });
  if (code !== 0) return false;
  const [started, left] = [await entriesOf(tree, index), await entriesOf(tree, before)];
  const { touched } = await touchedBy(tree, patch);
  // The mode of what is merely renamed is not told.
  const objectOf = (entry: string | undefined) => entry?.split(" ")[1];
  return touched.every((path) => objectOf(started.get(path)) === objectOf(left.get(path)));
}

/** An index of the files that the patches start from, where they agree on them. A mere rename names no blob. */
async function commonStart(
  tree: GitTree,
  patches: readonly string[],
  { without, folder }: { without: string; folder: string },
): Promise<string | null> {
  const all = new Map<GitPath, string>();
  for (const [at, patch] of patches.entries()) {
    const index = join(folder, `start-${at}`);
    const { code } = await tree.git(["apply", `--build-fake-ancestor=${index}`, patch], { index: without });
    if (code !== 0) return null;
    for (const [path, entry] of await entriesOf(tree, index)) {
      if ((all.get(path) ?? entry) !== entry) return null;
      all.set(path, entry);
    }
  }
  const index = join(folder, "start");
  // Of new files alone there is nothing to write into it, and git would make none.
  await tree.need(["read-tree", "--empty"], { index });
  const input = [...all].map(([path, entry]) => `${entry.replace(/;$/, "")}\t${path}\0`).join("");
  await tree.need(["update-index", "-z", "--index-info"], { index, input });
  return index;
}

async function madeOn(tree: GitTree, base: string, patch: string, index: string): Promise<string | null> {
  await copyFile(base, index);
  const { code } = await tree.git([...APPLY, "--cached", patch], { index });
  return code === 0 ? index : null;
}

async function treeOf(tree: GitTree, index: string): Promise<string> {
  return (await tree.need(["write-tree"], { index })).trim();
}

/**
 * An index of what is here without the earlier work, whatever else was done to its files since. Null: it is not here, or
 * not all of it. A merge takes back whatever part there is, even none: so it has to come back as it was.
 */
async function takenBack(
  tree: GitTree,
  { earlier, touched }: { earlier: string; touched: readonly GitPath[] },
  folder: string,
): Promise<string | null> {
  if ((await behindLinks(tree.top, touched)).length > 0) return null;
  const here = await openIndex(tree, join(folder, "here"));
  await recordChanges(tree, here, touched);
  const merge = async (from: string, name: string, how: readonly string[]): Promise<string | null> => {
    const index = join(folder, name);
    await copyFile(from, index);
    const { code } = await tree.git([...APPLY, "--cached", "--3way", ...how, earlier], { index });
    return code === 0 ? index : null;
  };
  const without = await merge(here.index, "without", ["-R"]);
  const again = without && (await merge(without, "again", []));
  if (without === null || again === null) return null;
  const [now, then, back] = [
    await entriesOf(tree, here.index),
    await entriesOf(tree, without),
    await entriesOf(tree, again),
  ];
  const isHere = (path: GitPath) => now.get(path) !== then.get(path) && now.get(path) === back.get(path);
  return touched.every(isHere) ? without : null;
}
