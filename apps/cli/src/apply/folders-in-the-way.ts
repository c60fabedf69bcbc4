import type { Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import type { GitPath } from "./git-tree.ts";

/** Folders that stand where the task put a file, and hold what it knows nothing of. */
export async function foldersInTheWay(
  top: string,
  files: readonly GitPath[],
  touched: ReadonlySet<GitPath>,
): Promise<GitPath[]> {
  const judged = await Promise.all(
    files.map(async (path) => ((await holdsMore(top, path, touched)) ? path : null)),
  );
  return judged.filter((path) => path !== null);
}

async function holdsMore(top: string, path: GitPath, touched: ReadonlySet<GitPath>): Promise<boolean> {
  if ((await lookAt(top, path))?.isDirectory() !== true) return false;
  for (const entry of await readdir(placeOf(top, path), { withFileTypes: true, encoding: "buffer" })) {
    const below = `${path}/${entry.name.toString("latin1")}`;
    if (entry.isDirectory() ? await holdsMore(top, below, touched) : !touched.has(below)) return true;
  }
  return false;
}

/** What is there, links not followed; null: nothing. */
export async function lookAt(top: string, path: GitPath): Promise<Stats | null> {
  return lstat(placeOf(top, path)).catch(() => null);
}

function placeOf(top: string, path: GitPath): Buffer {
  return Buffer.concat([Buffer.from(`${top}/`), Buffer.from(path, "latin1")]);
}
