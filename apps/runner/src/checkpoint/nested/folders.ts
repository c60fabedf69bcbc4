import { existsSync } from "node:fs";
import { join } from "node:path";
import { inWorkspace } from "../../delivery/archive/list-workspace.ts";
import { placeOf } from "./places.ts";

const SLASH = 47;

/** All folders that lead to the paths, each byte of a name a character. */
export function addFolders(paths: Iterable<Buffer>, to: Set<string>): void {
  for (const path of paths)
    for (let end = path.lastIndexOf(SLASH); end > 0; end = path.lastIndexOf(SLASH, end - 1)) {
      const folder = path.toString("latin1", 0, end);
      if (to.has(folder)) break;
      to.add(folder);
    }
}

/**
 * Where an index has files git sees no repository, and goes on seeing the files: one that was made there, or cloned in
 * place of them, is found by looking. Its files are in both.
 */
export function repositoriesIn(workspace: string, folders: Iterable<string>): Buffer[] {
  const found: Buffer[] = [];
  for (const folder of folders) {
    if (!existsSync(inWorkspace(workspace, Buffer.from(`${folder}/.git`, "latin1")))) continue;
    const path = Buffer.from(folder, "latin1");
    const place = placeOf(workspace, path);
    if (place !== null && existsSync(join(workspace, place.gitDir, "HEAD"))) found.push(path);
  }
  return found;
}
