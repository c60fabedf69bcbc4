import { randomUUID } from "node:crypto";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AttemptCaller, Logger, RepositoryMirrors } from "@agency/core";
import type { GitRoute } from "../git/git-route.ts";
import { repositoryOfUrl } from "../git/repository-address.ts";
import type { RepositoryAddress } from "../git/repository-address.ts";
import { entries, readStanding, removeMirror, surplus } from "./evict-mirrors.ts";
import { freshenMirror, tidyMirror } from "./freshen-mirror.ts";
import { lendCopy } from "./lend-copy.ts";
import { openMirrorDoor } from "./mirror-door.ts";
import type { MirrorDoor } from "./mirror-door.ts";
import { placeOf } from "./mirror-place.ts";
import type { MirrorPlace } from "./mirror-place.ts";

export interface MirrorOptions {
  /** A folder of the server's own, on the same file system as the sandboxes. */
  readonly root: string;
  readonly maxBytes: number;
  /** The git broker, as the attempt itself would use it. */
  readonly route: GitRoute;
  /** One holder at a time among all processes of this machine, freed when its holder dies. */
  readonly withLock: <T>(key: string, signal: AbortSignal, work: () => Promise<T>) => Promise<T>;
  readonly logger: Logger;
  readonly now: () => number;
  /** How long a start may wait for its mirror; made on afterwards for the next one. */
  readonly patienceMs?: number;
}

export interface Mirrors extends RepositoryMirrors {
  close(): Promise<void>;
}

const PATIENCE_MS = 10_000;
/** A copy waits for its sandbox for a moment only; one that was never taken belongs to nobody. */
const UNTAKEN_MS = 60 * 60_000;
/** A repository that git does not take is not fetched again and again. */
const UNUSABLE_MS = 60 * 60_000;

export async function createMirrors(options: MirrorOptions): Promise<Mirrors> {
  const { root, maxBytes, now } = options;
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  const unusable = new Map<string, number>();
  await mkdir(join(root, "lent"), { recursive: true, mode: 0o700 });
  const door = await openMirrorDoor(options.route, maxBytes);
  const shop: Shop = { ...options, door, unusable, closing: closing.signal };

  function background<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    void work.then(
      () => underWay.delete(work),
      () => underWay.delete(work),
    );
    return work;
  }

  return {
    async lend(caller, url, signal) {
      const repository = repositoryOfUrl(url);
      if (repository === null) return null;
      const place = placeOf(root, caller.accountId, repository);
      if ((unusable.get(place.root) ?? 0) > now()) return null;
      const late = AbortSignal.any([signal, AbortSignal.timeout(options.patienceMs ?? PATIENCE_MS)]);
      const lent = background(lendOne(shop, { caller, repository, place, late }));
      void lent.then((copy) => {
        if (copy !== null) void background(keepHouse(shop, place));
      });
      return Promise.race([lent, aborted(late)]);
    },
    async close() {
      closing.abort();
      await Promise.allSettled(underWay);
      await door.close();
    },
  };
}

interface Shop extends MirrorOptions {
  readonly door: MirrorDoor;
  readonly unusable: Map<string, number>;
  readonly closing: AbortSignal;
}

interface Wanted {
  readonly caller: AttemptCaller;
  readonly repository: RepositoryAddress;
  readonly place: MirrorPlace;
  readonly late: AbortSignal;
}

async function lendOne(shop: Shop, wanted: Wanted): Promise<string | null> {
  const { place, late } = wanted;
  try {
    return await shop.withLock(place.root, late, () => lendFresh(shop, wanted));
  } catch (error) {
    const facts = { err: error, taskId: wanted.caller.taskId };
    if (!late.aborted) shop.logger.warn(facts, "a mirror could not be used: the task does without");
    return null;
  }
}

async function lendFresh(shop: Shop, { caller, repository, place, late }: Wanted): Promise<string | null> {
  const { door, closing, logger, now } = shop;
  // Not `late`: the mirror is made to its end for whoever comes next.
  const freshened = await freshenMirror(place, () => door.admit(caller, repository, closing), closing);
  if (freshened.kind === "unusable" && !closing.aborted) {
    shop.unusable.set(place.root, now() + UNUSABLE_MS);
    logger.warn(
      { repository: repository.url, why: freshened.why },
      "git does not take this repository as a mirror",
    );
  }
  if (freshened.kind !== "fresh") return null;
  await writeFile(place.used, "", { mode: 0o600 });
  if (late.aborted) return null;
  const copy = join(shop.root, "lent", randomUUID());
  await lendCopy(place.repository, copy);
  return copy;
}

/** After a mirror was lent, so that nobody waits for it. */
async function keepHouse(shop: Shop, place: MirrorPlace): Promise<void> {
  const { root, maxBytes, closing, logger, now } = shop;
  try {
    await shop.withLock(place.root, closing, () => tidyMirror(place, closing));
    for (const one of surplus(await readStanding(root), maxBytes)) {
      await removeLocked(shop, one, AbortSignal.abort());
    }
    for (const name of await entries(join(root, "lent"))) {
      const copy = join(root, "lent", name);
      const facts = await stat(copy).catch(() => null);
      if (facts !== null && now() - facts.mtimeMs > UNTAKEN_MS)
        await rm(copy, { recursive: true, force: true });
    }
  } catch (error) {
    if (!closing.aborted) logger.warn({ err: error }, "the mirrors could not be tidied up");
  }
}

/** With a signal that is aborted already only a mirror nobody is at work on goes. */
async function removeLocked(shop: Shop, place: MirrorPlace, signal: AbortSignal): Promise<void> {
  try {
    await shop.withLock(place.root, signal, () => removeMirror(place));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}
