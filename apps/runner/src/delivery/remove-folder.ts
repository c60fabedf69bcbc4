import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const HOW = { recursive: true, force: true, maxRetries: 3 } as const;

/** Also what its owner may not change: Go makes every folder of its cache read-only. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, HOW).catch(async () => {
    await openUp(path);
    await rm(path, HOW);
  });
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => undefined);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  // A link to a folder is no folder here.
  for (const entry of entries) if (entry.isDirectory()) await openUp(join(folder, entry.name));
}
