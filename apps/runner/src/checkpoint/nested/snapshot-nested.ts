import { join } from "node:path";
import { statOf } from "../../delivery/archive/list-workspace.ts";
import { fieldsOf } from "../../workspace/nul-lists.ts";
import { isFetched } from "../../workspace/submodules.ts";
import { shown } from "../list-changes.ts";
import { check, textOf } from "../snapshot-call.ts";
import type { SnapshotCall } from "../snapshot-call.ts";
import type { SnapshotStore } from "../snapshot-store.ts";
import { LIST_CHANGES, MAX_LIST_BYTES, writeChanges } from "../write-changes.ts";
import type { Written } from "../write-changes.ts";
import { placeOf } from "./places.ts";
import type { Place } from "./places.ts";
import { forgetNested, within } from "./within.ts";

/** Of all of them: every checkpoint holds them whole. */
const MAX_BYTES = 64 * 1024 * 1024;
const MOST = 20;
/** A lock that somebody held then would be held for ever. */
const ALL_OF_GIT = ["--exclude=*.lock"];
const SLASH = Buffer.from("/");
const NOT_IGNORED = ["--exclude-standard"];

export interface Nested {
  /** Null: there are none. */
  readonly tree: string | null;
  readonly leftOut: readonly string[];
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

/**
 * Repositories inside the workspace: their files, and git's own folder as it is, so that commits, branches and what is
 * staged come back. One that is as its clone would be, a submodule nobody touched, is not worth it.
 */
export async function snapshotNested(
  store: SnapshotStore,
  { repositories, submodules }: Candidates,
  call: SnapshotCall,
): Promise<Nested> {
  const fetched = submodules.filter((path) => isFetched(store.workspace, path));
  const kept: Kept[] = [];
  const leftOut: string[] = [];
  let room = MAX_BYTES;
  const queue = [...new Set([...repositories, ...fetched].map((path) => path.toString("latin1")))];
  for (const name of queue) {
    const path = Buffer.from(name, "latin1");
    const isTracked = submodules.some((one) => one.equals(path));
    const taken = kept.length < MOST ? await tried(store, path, { isTracked, room }, call) : null;
    if (taken === "unchanged") continue;
    if (taken === null) {
      leftOut.push(shown(path));
      continue;
    }
    kept.push(taken.kept);
    room -= taken.bytes;
    // Those inside it are its own matter for git, and ours all the same.
    for (const inner of taken.inside) queue.push(Buffer.concat([path, SLASH, inner]).toString("latin1"));
  }
  return { tree: kept.length === 0 ? null : await writeDown(store, kept, call), leftOut };
}

type Taken = { kept: Kept; bytes: number; inside: readonly Buffer[] } | "unchanged" | null;

/** What is wrong with one costs the others nothing. */
async function tried(...what: Parameters<typeof take>): Promise<Taken> {
  try {
    return await take(...what);
  } catch {
    await forgetNested(what[0]);
    return null;
  }
}

async function take(
  store: SnapshotStore,
  path: Buffer,
  { isTracked, room }: { isTracked: boolean; room: number },
  call: SnapshotCall,
): Promise<Taken> {
  const place = placeOf(store.workspace, path);
  if (place === null) return null;
  const files = await treeOfFolder(store, place.path, NOT_IGNORED, room, call);
  if (files === null) return null;
  if (isTracked && (await isAsCloned(store, place, files.tree, call))) return "unchanged";
  const git = await treeOfFolder(store, place.gitDir, ALL_OF_GIT, room - files.bytes, call);
  if (git === null) return null;
  const kept = { ...place, files: files.tree, git: git.tree };
  return { kept, bytes: files.bytes + git.bytes, inside: files.repositories };
}

/** Null: it is larger than there is room for. */
async function treeOfFolder(
  store: SnapshotStore,
  place: string,
  which: readonly string[],
  room: number,
  call: SnapshotCall,
): Promise<(Written & { bytes: number }) | null> {
  const git = await within(store, place);
  const folder = join(store.workspace, place);
  const listing = await git([...LIST_CHANGES, ...which], { ...call, maxBytes: MAX_LIST_BYTES });
  let changed = 0;
  for (const path of fieldsOf(listing.stdout)) changed += statOf(folder, path)?.size ?? 0;
  // Known before anything is read.
  if (changed > room) return null;
  const written = await writeChanges(git, { folder, listing }, call);
  const sizes = await git(["ls-tree", "-r", "-l", "-z", written.tree], { ...call, maxBytes: MAX_LIST_BYTES });
  check("Measuring a repository inside the workspace", sizes);
  let bytes = 0;
  for (const line of fieldsOf(sizes.stdout))
    bytes += Number(/^\S+ \S+ \S+ +(\d+)\t/.exec(line.toString("latin1"))?.[1] ?? 0);
  return bytes > room || sizes.truncated ? null : { ...written, bytes };
}

/** At the commit that the workspace's index names, with the files of that commit. */
async function isAsCloned(
  { ours, workspace }: SnapshotStore,
  { path, gitDir }: Place,
  files: string,
  call: SnapshotCall,
): Promise<boolean> {
  const env = { GIT_DIR: join(workspace, gitDir), GIT_WORK_TREE: join(workspace, path) };
  const [index, own] = await Promise.all([
    ours(["ls-files", "--stage", "--", path], call),
    ours(["rev-parse", "HEAD", "HEAD^{tree}"], { ...call, env }),
  ]);
  const [, named] = /^160000 ([0-9a-f]+) 0\t/.exec(index.stdout.toString()) ?? [];
  return own.code === 0 && named !== undefined && own.stdout.toString() === `${named}\n${files}\n`;
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
