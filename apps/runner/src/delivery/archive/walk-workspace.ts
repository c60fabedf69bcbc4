import { readdir } from "node:fs/promises";
import { inWorkspace } from "./list-workspace.ts";
import type { Listed } from "./list-workspace.ts";

/** A folder of dependencies has some hundred thousand. */
const MAX_PATHS = 500_000;
const GIT = Buffer.from(".git");

/** Everything but what belongs to a repository itself, for a workspace that git cannot list. */
export async function walkWorkspace(workspace: string, signal: AbortSignal): Promise<Listed> {
  const paths: Buffer[] = [];
  const folders = [Buffer.alloc(0)];
  let complete = true;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (signal.aborted || paths.length >= MAX_PATHS) return { paths, complete: false };
    const where = inWorkspace(workspace, folder);
    const entries = await readdir(where, { withFileTypes: true, encoding: "buffer" }).catch(() => null);
    complete &&= entries !== null;
    for (const entry of entries ?? []) {
      if (entry.name.equals(GIT)) continue;
      const path = Buffer.concat([folder, entry.name]);
      if (entry.isDirectory()) folders.push(Buffer.concat([path, Buffer.from("/")]));
      else paths.push(path);
    }
  }
  return { paths: paths.sort((a, b) => a.compare(b)), complete };
}
