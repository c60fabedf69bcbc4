import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isAgencyError } from "@agency/contract";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { withCheckpoint } from "../download/with-checkpoint.ts";
import { extractBundle } from "../hand-off/read-checkpoint.ts";
import { userGit } from "../hand-off/user-git.ts";
import type { Session } from "../session.ts";
import type { GitTree } from "./git-tree.ts";

type Upload = NonNullable<Task["upload"]>;

/** Resumed tasks go on from tasks that do: nobody has more of them in a row. */
const MOST_BEFORE = 200;

/** What was sent for the task, or for the first of those it goes on from; null when nothing was. */
export async function handedOver(
  { signal }: Session,
  client: Client,
  task: Task,
): Promise<{ taskId: string; upload: Upload } | null> {
  let at = task;
  for (let before = 0; before < MOST_BEFORE; before += 1) {
    if (at.upload !== null && at.upload !== undefined) return { taskId: at.id, upload: at.upload };
    if (at.resumedFrom === null) return null;
    const found = await client.getTask(at.resumedFrom.taskId, { signal }).catch(ignoreDeleted);
    if (found === null) return null;
    at = found;
  }
  return null;
}

function ignoreDeleted(error: unknown): null {
  if (isAgencyError(error) && error.code === "not_found") return null;
  throw error;
}

/** Kept long enough, or deleted with its task. */
function isGone(error: unknown): boolean {
  return isAgencyError(error) && (error.code === "expired" || error.code === "not_found");
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
