import { copyFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";

/**
 * The agent's index spares git reading every file again; without one git makes a new index. The copy keeps its time: a
 * file changed within the second it was checked out in is only noticed by git because the index is no younger.
 */
export async function copyIndex(workspace: string, to: string): Promise<void> {
  const index = join(workspace, ".git", "index");
  try {
    const facts = await stat(index);
    // Opening a pipe would never end.
    if (!facts.isFile()) return;
    await copyFile(index, to);
    const seconds = Math.floor(facts.mtimeMs / 1000);
    await utimes(to, seconds, seconds);
  } catch {
    // A repository without an index, or a worktree's.
  }
}
