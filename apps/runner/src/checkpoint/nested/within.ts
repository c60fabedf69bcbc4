import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "../../workspace/git.ts";
import type { SnapshotStore } from "../snapshot-store.ts";

/** Git over another folder with our directory, and an index of that folder's own that stays for the next time. */
export async function within({ ours, folder, workspace }: SnapshotStore, place: string): Promise<Git> {
  const indexes = indexesOf(folder);
  await mkdir(indexes, { recursive: true, mode: 0o700 });
  const GIT_WORK_TREE = join(workspace, place);
  const GIT_INDEX_FILE = join(indexes, createHash("sha256").update(place).digest("hex"));
  return (args, call) =>
    ours(["-C", GIT_WORK_TREE, ...args], { ...call, env: { ...call.env, GIT_WORK_TREE, GIT_INDEX_FILE } });
}

/** The next time every file of them is read again. */
export async function forgetNested({ folder }: SnapshotStore): Promise<void> {
  await rm(indexesOf(folder), { recursive: true, force: true });
}

function indexesOf(folder: string): string {
  return join(folder, "nested");
}
