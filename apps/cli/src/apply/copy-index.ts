import { copyFile, stat, utimes } from "node:fs/promises";

/**
 * Git believes an entry only when the file is older than the index: the copy keeps the time of the original. False when
 * there is none, as before a first `git add`.
 */
export async function copyIndex(from: string, to: string): Promise<boolean> {
  const stats = await stat(from).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  if (stats === null) return false;
  await copyFile(from, to);
  await utimes(to, stats.atimeMs / 1000, Math.floor(stats.mtimeMs) / 1000);
  return true;
}
