import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { withCheckpoint } from "../download/with-checkpoint.ts";
import { extractBundle } from "../hand-off/read-checkpoint.ts";
import { userGit } from "../hand-off/user-git.ts";
import type { Session } from "../session.ts";
import type { GitTree } from "./git-tree.ts";

/**
 * A patch of a task that began with uncommitted changes fits those, and git has none of them. They are fetched into a
 * folder of objects beside the user's, so that a three-way merge finds what both sides started from.
 */
export async function withHandedOver(
  session: Session,
  client: Client,
  task: Task,
  tree: GitTree,
  work: (tree: GitTree, start: string | null) => Promise<number>,
): Promise<number> {
  const upload = task.upload ?? null;
  if (upload === null) return work(tree, null);
  return withCheckpoint(session, client, task.id, { ...upload, number: 0 }, async (path, folder) => {
    const bundle = join(folder, "workspace.bundle");
    await extractBundle(path, bundle);
    const objects = join(folder, "objects");
    await mkdir(objects, { mode: 0o700 });
    const own = (await tree.need(["rev-parse", "--git-path", "objects"])).trim();
    const existing = Buffer.from(own, "latin1").toString("utf8");
    const alternates = existing.startsWith("/") ? existing : join(tree.top, existing);
    const git = userGit(session, tree.top, {
      GIT_OBJECT_DIRECTORY: objects,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates,
    });
    const { code } = await git.run(["bundle", "unbundle", bundle]);
    // Another clone may not have what it builds on: the patch then has to fit as it is.
    return code === 0 ? work(tree.withObjects(objects), upload.commit) : work(tree, null);
  });
}
