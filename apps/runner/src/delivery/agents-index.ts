import { lstat, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { OwnRepository } from "../workspace/own-repository.ts";

const SHARED = /^sharedindex\.[0-9a-f]{40,64}$/;

/**
 * What lets our git read the agent's index; null: there is none. Of a split index the most part lies in another file,
 * which git looks for in its own directory.
 */
export async function agentsIndex({
  folder,
  agents,
}: OwnRepository): Promise<{ GIT_INDEX_FILE: string } | null> {
  const index = join(agents, "index");
  if (!(await isPlain(index))) return null;
  const shared = (await readdir(agents)).filter((name) => SHARED.test(name));
  for (const name of shared) {
    const part = join(agents, name);
    // Git looks for it beside the index as well.
    if (!(await isPlain(part))) return null;
    await symlink(part, join(folder, name)).catch(() => undefined);
  }
  return { GIT_INDEX_FILE: index };
}

/** A pipe would hold us up. */
async function isPlain(path: string): Promise<boolean> {
  return lstat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
}
