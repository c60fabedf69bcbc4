import { copyFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { GitPath, GitTree } from "./git-tree.ts";
import { entriesOf, openIndex, recordChanges } from "./index-of-here.ts";
import { behindLinks } from "./leads-out.ts";
import { APPLY, touchedBy } from "./plan-patch.ts";

const DIFF = ["diff-tree", "-r", "-p", "--binary", "--full-index", "--find-renames"];
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
  const without = await takenBack(tree, earlier, folder);
  if (without === null) return null;
  const base = await commonStart(tree, [earlier, patch], { without, folder });
  if (base === null) return null;
  const before = await madeOn(tree, base, earlier, join(folder, "before"));
  const after = await madeOn(tree, base, patch, join(folder, "after"));
  if (before === null || after === null) return null;
  const [start, end] = [await treeOf(tree, before), await treeOf(tree, after)];
  const path = join(folder, "rest.patch");
  await tree.need([...DIFF, ...AS_THEY_ARE, `--output=${path}`, start, end]);
  return { path, isEmpty: (await stat(path)).size === 0, start };
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
 * An index of what is here without the earlier work, whatever else was done to its files since. Null: it is not here. A
 * merge that has nothing to take back from a file would succeed as well.
 */
async function takenBack(tree: GitTree, earlier: string, folder: string): Promise<string | null> {
  const { touched } = await touchedBy(tree, earlier);
  if ((await behindLinks(tree.top, touched)).length > 0) return null;
  const here = await openIndex(tree, join(folder, "here"));
  await recordChanges(tree, here, touched);
  const without = join(folder, "without");
  await copyFile(here.index, without);
  const { code } = await tree.git([...APPLY, "--cached", "--3way", "-R", earlier], { index: without });
  if (code !== 0) return null;
  const [now, then] = [await entriesOf(tree, here.index), await entriesOf(tree, without)];
  return touched.every((path) => now.get(path) !== then.get(path)) ? without : null;
}
