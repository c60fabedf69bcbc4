import { join } from "node:path";
import { createBranchMover, createGitRoute } from "@agency/broker";
import type { Settings } from "@agency/contract";
import type { CredentialBook } from "@agency/control";
import type { BranchMover, Logger } from "@agency/core";
import type { Closers } from "./closers.ts";
import type { DataFolder } from "./data-folder.ts";
import { moverRights } from "./git-rights.ts";
import type { Stores } from "./stores.ts";

interface BranchMoverParts {
  settings: Pick<Settings, "internalHosts">;
  stores: Pick<Stores, "tasks">;
  credentials: CredentialBook;
  folder: Pick<DataFolder, "root">;
  logger: Logger;
}

/** A way for the server's own git, with a right that no attempt has: to push to a pull request's branch. */
export async function wireBranchMover(parts: BranchMoverParts, closers: Closers): Promise<BranchMover> {
  const { settings, stores, credentials, folder, logger } = parts;
  const route = createGitRoute({
    rightsOf: async ({ taskId }) => {
      const task = await stores.tasks.load(taskId);
      return task === null ? null : moverRights(task, settings.internalHosts);
    },
    credentials,
    // The attempt is over by then, and this is the server's own doing.
    fence: { watch: () => ({ signal: new AbortController().signal, release() {} }) },
    report: () => undefined,
    logger,
    now: () => Date.now(),
  });
  return closers.add("branch mover", await createBranchMover({ root: join(folder.root, "moves"), route }));
}
