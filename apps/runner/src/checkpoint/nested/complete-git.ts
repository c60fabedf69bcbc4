import { lstatSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isPlace, isReached } from "./places.ts";

const HEAD = /^(?:ref: refs\/|[0-9a-f]{40})/;

/** A bare repository is files to git. */
export async function completeBare(workspace: string, restored: readonly string[]): Promise<void> {
  const files = new Set(restored);
  for (const path of files) {
    const folder = dirname(path);
    if (path !== `${folder}/HEAD` || !files.has(`${folder}/config`)) continue;
    if (!isPlace(folder) || !isReached(workspace, folder) || !isHead(join(workspace, path))) continue;
    await completeGit(join(workspace, folder)).catch(() => undefined);
  }
}

/** Empty folders are in no tree, and without these two git sees no repository. */
export async function completeGit(folder: string): Promise<void> {
  for (const empty of ["objects", "refs"]) await mkdir(join(folder, empty), { recursive: true });
}

function isHead(file: string): boolean {
  const facts = lstatSync(file, { throwIfNoEntry: false });
  return facts?.isFile() === true && facts.size < 4096 && HEAD.test(readFileSync(file, "utf8"));
}
