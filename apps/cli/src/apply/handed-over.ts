import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { withCheckpoint } from "../download/with-checkpoint.ts";
import { extractBundle } from "../hand-off/read-checkpoint.ts";
import { userGit } from "../hand-off/user-git.ts";
import type { Session } from "../session.ts";
import { isGone, lineOf } from "./earlier-tasks.ts";
import type { GitTree } from "./git-tree.ts";

type Upload = NonNullable<Task["upload"]>;

/** What was sent for the task, or for the first of those it goes on from; null when nothing was. */
export async function handedOver(
  { signal }: Session,
  client: Client,
  task: Task,
): Promise<{ taskId: string; upload: Upload } | null> {
  for await (const { id, upload } of lineOf(client, task, signal))
    if (upload !== null && upload !== undefined) return { taskId: id, upload };
  return null;
}

/**
 * A patch of a task that began with uncommitted changes fits those, and git has none of them. They are fetched into a
 * folder of objects beside the user's, so that a three-way merge finds what both sides started from.
 */
export async function withHandedOver(
  session: Session,
  client: Client,
  sent: { taskId: string; upload: Upload } | null,
  tree: GitTree,
  work: (tree: GitTree, start: string | null) => Promise<number>,
): Promise<number> {
  if (sent === null) return work(tree, null);
  const { taskId, upload } = sent;
  let isFetched = false;
  const begin = async (path: string, folder: string): Promise<number> => {
    isFetched = true;
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
  };
  try {
    return await withCheckpoint(session, client, taskId, { ...upload, number: 0 }, begin);
  } catch (error) {
    if (isFetched || !isGone(error)) throw error;
    return work(tree, null);
  }
}
