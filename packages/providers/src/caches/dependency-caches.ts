import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rmdir, stat, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import type { DependencyCaches, Logger } from "@agency/core";
import { codeOf, isMissing } from "../local/records.ts";
import { removeTree } from "../local/remove-tree.ts";
import { nameOf, parseName, repositoryFolder, surplus } from "./cache-copies.ts";
import type { CacheCopy } from "./cache-copies.ts";
import { measureTree } from "./measure-tree.ts";

export interface CacheOptions {
  /** A folder of the server's own, on the same file system as the sandboxes. */
  readonly root: string;
  readonly maxBytes: number;
  readonly logger: Logger;
  readonly now: () => number;
}

/** As many tasks of a repository at once find a warm one. */
const MAX_COPIES = 3;
/** Of all the room, what one copy may take. */
const SHARE = 1 / 4;
/** A copy waits for its sandbox for a moment only; one that was never taken belongs to nobody. */
const UNTAKEN_MS = 60 * 60_000;

/**
 * Copies of caches, each with one sandbox at a time: a sandbox gets one by a move, and it comes back by a move. So
 * none is ever written by two, there is no lock, and whatever dies in between costs one copy.
 */
export async function createDependencyCaches(options: CacheOptions): Promise<DependencyCaches> {
  const { root, now } = options;
  const lent = join(root, "lent");
  await mkdir(lent, { recursive: true, mode: 0o700 });
  return {
    async lend(accountId, url) {
      const folder = repositoryFolder(root, accountId, url);
      const to = join(lent, randomUUID());
      for (const { name } of (await listCopies(folder)).toSorted((a, b) => b.usedAt - a.usedAt))
        if (await moveOut(join(folder, name), to, now())) return to;
      await mkdir(to, { mode: 0o700 });
      return to;
    },
    async takeBack(accountId, url, folder) {
      const bytes = await measureTree(folder);
      if (bytes === 0) return;
      if (bytes > options.maxBytes * SHARE) {
        options.logger.info({ bytes }, "a cache is too large to be kept");
        return removeTree([folder], new AbortController().signal);
      }
      const home = repositoryFolder(root, accountId, url);
      await mkdir(home, { recursive: true, mode: 0o700 });
      await rename(folder, join(home, nameOf({ usedAt: now(), bytes })));
      await keepHouse(options, home);
    },
  };
}

/** False: somebody else was quicker. */
async function moveOut(from: string, to: string, now: number): Promise<boolean> {
  try {
    // So that it does not look forgotten the moment it is out.
    await utimes(from, now / 1000, now / 1000);
    await rename(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function listCopies(folder: string): Promise<CacheCopy[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.flatMap((name) => parseName(name) ?? []);
}

async function keepHouse({ root, maxBytes, now }: CacheOptions, home: string): Promise<void> {
  const never = new AbortController().signal;
  const gone = surplus(await listCopies(home), { maxBytes: Number.POSITIVE_INFINITY, maxCopies: MAX_COPIES });
  for (const { name } of gone) await throwAway(root, join(home, name), never);
  const everywhere = await listEverything(join(root, "accounts"));
  for (const { path } of surplus(everywhere, { maxBytes, maxCopies: Number.POSITIVE_INFINITY }))
    await throwAway(root, path, never);
  const lent = join(root, "lent");
  for (const name of await readdir(lent)) {
    const facts = await stat(join(lent, name)).catch(() => null);
    if (facts !== null && now() - facts.mtimeMs > UNTAKEN_MS) await removeTree([join(lent, name)], never);
  }
}

async function listEverything(accounts: string): Promise<(CacheCopy & { path: string })[]> {
  const below = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
  const homes: string[] = [];
  for (const account of await below(accounts))
    for (const repository of await below(join(accounts, account)))
      homes.push(join(accounts, account, repository));
  const copies = await Promise.all(
    homes.map(async (home) =>
      (await listCopies(home)).map((copy) => ({ ...copy, path: join(home, copy.name) })),
    ),
  );
  return copies.flat();
}

/** First out of reach, so that nobody is lent half of it. */
async function throwAway(root: string, path: string, signal: AbortSignal): Promise<void> {
  const gone = join(root, "lent", `gone-${randomUUID()}-${basename(path)}`);
  await rename(path, gone).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
  await removeTree([gone], signal);
  // The last copy of a repository takes its folder with it.
  await rmdir(join(path, "..")).catch((error: unknown) => {
    if (!["ENOTEMPTY", "ENOENT", "EEXIST"].includes(codeOf(error) ?? "")) throw error;
  });
}
