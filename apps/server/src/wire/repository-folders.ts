import { stat } from "node:fs/promises";
import { createMirrors } from "@agency/broker";
import type { Settings } from "@agency/contract";
import type { DependencyCaches, Logger, RepositoryMirrors } from "@agency/core";
import { createDependencyCaches, withHostLock } from "@agency/providers";
import type { Brokers } from "./brokers.ts";
import type { Closers } from "./closers.ts";
import type { DataFolder } from "./data-folder.ts";

export interface FolderParts {
  settings: Pick<Settings, "mirrorBytes" | "cacheBytes">;
  folder: Pick<DataFolder, "sandboxes" | "mirrors" | "caches">;
  mirrorGit: Brokers["mirrorGit"];
  logger: Logger;
}

export interface RepositoryFolders {
  mirrors?: RepositoryMirrors;
  caches?: DependencyCaches;
}

/** Mirrors and caches of this machine. A sandbox takes them by a move, which only works within one file system. */
export async function wireFolders(parts: FolderParts, closers: Closers): Promise<RepositoryFolders> {
  const { settings, folder, mirrorGit, logger } = parts;
  const places = await Promise.all(
    [folder.sandboxes, folder.mirrors, folder.caches].map((path) => stat(path)),
  );
  if (new Set(places.map(({ dev }) => dev)).size > 1) {
    logger.warn({}, "mirrors and caches are off: they must be on the file system of the sandboxes");
    return {};
  }
  const { mirrorBytes, cacheBytes } = settings;
  const common = { logger, now: () => Date.now() };
  const mirrors =
    mirrorBytes === 0
      ? null
      : await createMirrors({
          ...common,
          root: folder.mirrors,
          maxBytes: mirrorBytes,
          route: mirrorGit,
          withLock: withHostLock,
        });
  if (mirrors !== null) closers.add("mirrors", mirrors);
  const caches =
    cacheBytes === 0
      ? null
      : await createDependencyCaches({ ...common, root: folder.caches, maxBytes: cacheBytes });
  return { ...(mirrors === null ? {} : { mirrors }), ...(caches === null ? {} : { caches }) };
}
