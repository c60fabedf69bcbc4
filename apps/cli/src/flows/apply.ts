import { findGitTree } from "../apply/git-tree.ts";
import { applyToFolder } from "../apply/apply-to-folder.ts";
import { applyToTree } from "../apply/apply-to-tree.ts";
import { handedOver } from "../apply/handed-over.ts";
import { chooseMemory, importSession } from "../apply/import-session.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { findTask } from "./find-task.ts";

interface Options {
  dryRun: boolean;
  session: boolean;
  from: number | undefined;
  force: boolean;
}

/** Brings a task's work into the current folder, and its memory when asked to. */
export async function apply(session: Session, reference: string, options: Options): Promise<number> {
  const { world, signal } = session;
  const client = await session.client();
  const task = await findTask(client, reference, signal);
  if (options.from !== undefined && !options.session)
    throw new UsageError("--from is the checkpoint --session takes the memory of.", "Add --session.");
  const checkpoint = options.session ? await chooseMemory(session, client, task, options.from) : null;
  const sent = await handedOver(session, client, task);
  const tree = task.repository !== null || sent !== null ? await findGitTree(session, world.cwd) : null;
  const code =
    tree === null
      ? await applyToFolder(session, client, task, world.cwd, options)
      : await applyToTree(session, client, { task, sent }, tree, options);
  // A person who runs Claude here is in this folder, wherever the top of the work tree is.
  if (checkpoint === null) return code;
  return (await importSession(session, client, { task, checkpoint }, world.cwd, options)) || code;
}
