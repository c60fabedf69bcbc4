import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Admission } from "./mirror-door.ts";
import { arePacksWhole, listPacks } from "./mirror-packs.ts";
import type { MirrorPlace } from "./mirror-place.ts";
import { runGit } from "./server-git.ts";
import type { GitCall, GitRun } from "./server-git.ts";

export type Freshened =
  /** What the repository has now is in the mirror, and the attempt may read it. */
  | { readonly kind: "fresh"; readonly isNew: boolean }
  /** The host has nothing to give, or not to this attempt: the runner will hear the same and say why. */
  | { readonly kind: "refused" }
  /** The host answered and git did not take it, as objects that are not what they should be. */
  | { readonly kind: "unusable"; readonly why: string };

const FETCH_MS = 15 * 60_000;
const LOCAL_MS = 60_000;
const REFSPECS = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

export type Ask = () => Promise<Admission>;

/** Brings the mirror up to date, and makes it anew when what is there cannot be used. The caller holds its lock. */
export async function freshenMirror(place: MirrorPlace, ask: Ask, signal: AbortSignal): Promise<Freshened> {
  await mkdir(place.root, { recursive: true, mode: 0o700 });
  await removeHalfMade(place);
  if (await arePacksWhole(place.repository)) {
    const fetched = await fetchInto(place.repository, ask, signal);
    if (fetched.kind !== "unusable") return fetched;
    if (signal.aborted) return fetched;
  }
  await rm(place.repository, { recursive: true, force: true });
  return makeMirror(place, ask, signal);
}

/** A maker that died, or the remains of a mirror that was being thrown away. */
async function removeHalfMade({ root, repository }: MirrorPlace): Promise<void> {
  const [, kept = ""] = /([^/]+)$/.exec(repository) ?? [];
  const beside = (await readdir(root)).filter((name) => name.startsWith(`${kept}.`));
  await Promise.all(beside.map((name) => rm(join(root, name), { recursive: true, force: true })));
}

async function makeMirror(place: MirrorPlace, ask: Ask, signal: AbortSignal): Promise<Freshened> {
  const fresh = `${place.repository}.${randomBytes(6).toString("hex")}`;
  try {
    const made = await runGit(
      ["init", "--quiet", "--bare", "--template=", "--initial-branch=main"],
      local(fresh, signal),
    );
    if (!made.ok) return { kind: "unusable", why: made.stderr };
    const fetched = await fetchInto(fresh, ask, signal);
    if (fetched.kind !== "fresh") return fetched;
    await rename(fresh, place.repository);
    return { kind: "fresh", isNew: true };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function fetchInto(repository: string, ask: Ask, signal: AbortSignal): Promise<Freshened> {
  const before = await listPacks(repository);
  const admission = await ask();
  const fetched = await fetchRefs(repository, admission, signal);
  admission.close();
  if (!fetched.ok)
    return admission.outcome() === "refused"
      ? { kind: "refused" }
      : { kind: "unusable", why: fetched.stderr };
  // Copies carry refs as one file, and a file each is slow to read.
  const packed = await runGit(["pack-refs", "--all"], local(repository, signal));
  if (!packed.ok) return { kind: "unusable", why: packed.stderr };
  const after = await listPacks(repository);
  // Nothing in it: there is nothing to lend.
  if (after.size === 0) return { kind: "refused" };
  return { kind: "fresh", isNew: [...after.keys()].some((name) => !before.has(name)) };
}

function fetchRefs(repository: string, { url, setting }: Admission, signal: AbortSignal): Promise<GitRun> {
  const how = ["--quiet", "--force", "--prune", "--no-tags", "--no-recurse-submodules"];
  const bare = ["--no-auto-gc", "--no-write-fetch-head", "--no-show-forced-updates", "--no-auto-maintenance"];
  return runGit(["fetch", ...how, ...bare, "--", url, ...REFSPECS], {
    repository,
    settings: [setting],
    timeoutMs: FETCH_MS,
    signal,
  });
}

const MANY_PACKS = 12;

/** Each fetch leaves a pack. Copies that are out keep theirs. */
export async function tidyMirror({ repository }: MirrorPlace, signal: AbortSignal): Promise<void> {
  if ((await listPacks(repository)).size < MANY_PACKS) return;
  const call = { repository, timeoutMs: FETCH_MS, signal };
  await runGit(["repack", "--quiet", "--geometric=2", "-d", "--no-write-bitmap-index"], call);
}

function local(repository: string, signal: AbortSignal): GitCall {
  return { repository, timeoutMs: LOCAL_MS, signal };
}
