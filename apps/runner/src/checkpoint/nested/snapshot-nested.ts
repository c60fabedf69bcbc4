import { isFetched } from "../../workspace/submodules.ts";
import { shown } from "../list-changes.ts";
import { textOf } from "../snapshot-call.ts";
import type { SnapshotCall } from "../snapshot-call.ts";
import type { SnapshotStore } from "../snapshot-store.ts";
import { namedCommit, submodulesAsCloned } from "./as-cloned.ts";
import { gitOfPlace, filesOfPlace } from "./folder-trees.ts";
import { placeOf } from "./places.ts";
import type { Place } from "./places.ts";
import { forgetNested } from "./within.ts";

/** Of all of them: every checkpoint holds them whole. */
const MAX_BYTES = 64 * 1024 * 1024;
const MOST = 20;
const SLASH = Buffer.from("/");

export interface Nested {
  /** Null: there are none. */
  readonly tree: string | null;
  readonly leftOut: readonly string[];
  /** Files in those that are there. */
  readonly unreadable: readonly string[];
}

export interface Candidates {
  /** In place of files, new ones and submodules at another commit. */
  readonly repositories: readonly Buffer[];
  /** Of the workspace's own index. */
  readonly submodules: readonly Buffer[];
}

interface Kept extends Place {
  readonly files: string;
  readonly git: string;
}

interface Candidate {
  readonly path: Buffer;
  /** What it was cloned at as a submodule; null: it is none. */
  readonly commit: string | null;
}

/**
 * Repositories inside the workspace: their files, and git's own folder as it is, so that commits, branches and what is
 * staged come back. One that is as its clone would be, a submodule nobody touched, is not worth it.
 */
export async function snapshotNested(
  store: SnapshotStore,
  candidates: Candidates,
  call: SnapshotCall,
): Promise<Nested> {
  const kept: Kept[] = [];
  const leftOut: string[] = [];
  const unreadable: string[] = [];
  let room = MAX_BYTES;
  const queue = await beginWith(store, candidates, call);
  const seen = new Set<string>();
  for (const candidate of queue) {
    const { path } = candidate;
    const name = path.toString("latin1");
    if (seen.has(name)) continue;
    seen.add(name);
    const taken = kept.length < MOST ? await tried(store, candidate, room, call) : null;
    if (taken === null) {
      leftOut.push(shown(path));
      continue;
    }
    // Those inside it are its own matter for git, and ours all the same.
    queue.push(...taken.inside);
    if (taken.kept === null) continue;
    kept.push(taken.kept);
    unreadable.push(...taken.unreadable);
    room -= taken.bytes;
  }
  return { tree: kept.length === 0 ? null : await writeDown(store, kept, call), leftOut, unreadable };
}

/** What holds others before them. */
async function beginWith(
  store: SnapshotStore,
  { repositories, submodules }: Candidates,
  call: SnapshotCall,
): Promise<Candidate[]> {
  const fetched = submodules.filter((path) => isFetched(store.workspace, path));
  const found: Candidate[] = [];
  for (const path of fetched) found.push({ path, commit: await namedCommit(store, path, call) });
  for (const path of repositories)
    if (!fetched.some((one) => one.equals(path))) found.push({ path, commit: null });
  return found.toSorted((a, b) => a.path.compare(b.path));
}

interface Taken {
  /** Null: it is as it was cloned. */
  readonly kept: Kept | null;
  readonly bytes: number;
  readonly unreadable: readonly string[];
  readonly inside: readonly Candidate[];
}

/** What is wrong with one costs the others nothing. */
async function tried(...what: Parameters<typeof take>): Promise<Taken | null> {
  const [store, , , { signal }] = what;
  try {
    return await take(...what);
  } catch {
    // Objects that the agent threw away, a pipe in place of a file: all of it is read again.
    await forgetNested(store);
  }
  if (signal.aborted) return null;
  return take(...what).catch(() => null);
}

async function take(
  store: SnapshotStore,
  { path, commit }: Candidate,
  room: number,
  call: SnapshotCall,
): Promise<Taken | null> {
  const place = placeOf(store.workspace, path);
  if (place === null) return null;
  const files = await filesOfPlace(store, place, room, call);
  if (files === null) return null;
  const cloned = commit === null ? null : await submodulesAsCloned(store, place, { commit, files }, call);
  const inside = files.repositories.map((inner) => ({
    path: Buffer.concat([path, SLASH, inner]),
    commit: cloned?.get(inner.toString("latin1")) ?? null,
  }));
  if (cloned !== null) return { kept: null, bytes: 0, unreadable: [], inside };
  const git = await gitOfPlace(store, place, room - files.bytes, call);
  if (git === null) return null;
  const kept = { ...place, files: files.tree, git: git.tree };
  return {
    kept,
    bytes: files.bytes + git.bytes,
    unreadable: [...files.unreadable, ...git.unreadable],
    inside,
  };
}

/** A tree with a list of the places, and two trees for each. */
async function writeDown(
  { ours }: SnapshotStore,
  kept: readonly Kept[],
  call: SnapshotCall,
): Promise<string> {
  const write = (args: readonly string[], content: string): Promise<string> =>
    textOf("Writing down the repositories inside the workspace", ours, args, {
      ...call,
      input: Buffer.from(content),
    });
  const places = kept.map(({ path, gitDir }) => ({ path, gitDir }));
  const list = await write(["hash-object", "-w", "--stdin"], JSON.stringify(places));
  const trees = kept.map(
    ({ files, git }, at) => `040000 tree ${files}\t${at}-files\n040000 tree ${git}\t${at}-git\n`,
  );
  return write(["mktree"], `100644 blob ${list}\tlist\n${trees.join("")}`);
}
