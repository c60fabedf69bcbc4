import { join } from "node:path";
import { statOf } from "../../delivery/archive/list-workspace.ts";
import type { Git } from "../../workspace/git.ts";
import { fieldsOf, joinNul } from "../../workspace/nul-lists.ts";
import { shown } from "../list-changes.ts";
import { check } from "../snapshot-call.ts";
import type { SnapshotCall } from "../snapshot-call.ts";
import type { SnapshotStore } from "../snapshot-store.ts";
import { LIST_CHANGES, MAX_LIST_BYTES, writeChanges } from "../write-changes.ts";
import { addFolders, repositoriesIn } from "./folders.ts";
import { envOf, isPlace } from "./places.ts";
import type { Place } from "./places.ts";
import { within } from "./within.ts";

/** A lock that somebody held then would be held for ever. */
const ALL_OF_GIT = [...LIST_CHANGES, "--exclude=*.lock"];
const NOT_IGNORED = [...LIST_CHANGES, "--exclude-standard"];
const TAB = 9;
/** What it reads of theirs may never come to an end. */
export const THEIR_GIT_MS = 60_000;

export interface FolderTree {
  readonly tree: string;
  readonly bytes: number;
  readonly unreadable: readonly string[];
  /** From the folder. */
  readonly repositories: readonly Buffer[];
}

/** What its own git knows of, and what is not ignored; null: it is larger than there is room for. */
export async function filesOfPlace(
  store: SnapshotStore,
  place: Place,
  room: number,
  call: SnapshotCall,
): Promise<FolderTree | null> {
  const folder = join(store.workspace, place.path);
  const env = envOf(store.workspace, place);
  const tracked = { ...call, timeoutMs: THEIR_GIT_MS, env, maxBytes: MAX_LIST_BYTES };
  // Files that are ignored and tracked: our index of the folder began with nothing. An index that is broken has none.
  const { code, stdout } = await store.theirs(["-C", folder, "ls-files", "-z", "--cached"], tracked);
  const known = code === 0 ? fieldsOf(stdout) : [];
  return treeOfFolder(store, place.path, { list: NOT_IGNORED, known, room }, call);
}

/** Null: it is larger than there is room for. */
export async function gitOfPlace(
  store: SnapshotStore,
  { gitDir }: Place,
  room: number,
  call: SnapshotCall,
): Promise<FolderTree | null> {
  return treeOfFolder(store, gitDir, { list: ALL_OF_GIT, known: [], room }, call);
}

interface Wanted {
  readonly list: readonly string[];
  readonly known: Iterable<Buffer>;
  readonly room: number;
}

async function treeOfFolder(
  store: SnapshotStore,
  place: string,
  { list, known, room }: Wanted,
  call: SnapshotCall,
): Promise<FolderTree | null> {
  const git = await within(store, place);
  const folder = join(store.workspace, place);
  const listed = await git(list, { ...call, maxBytes: MAX_LIST_BYTES });
  const paths = together(fieldsOf(listed.stdout), known);
  let changed = 0;
  for (const path of paths) changed += statOf(folder, path)?.size ?? 0;
  // Known before anything is read.
  if (changed > room) return null;
  const listing = { ...listed, stdout: joinNul(paths) };
  const { tree, leftOut, repositories } = await writeChanges(git, { folder, listing }, call);
  const { bytes, folders } = await measure(git, tree, call);
  if (bytes > room) return null;
  const unreadable = leftOut.unreadable.map((name) => `${shown(Buffer.from(place))}/${name}`);
  return { tree, bytes, unreadable, repositories: [...repositories, ...repositoriesIn(folder, folders)] };
}

/** An index may name anything. */
function together(listed: Iterable<Buffer>, known: Iterable<Buffer>): Buffer[] {
  const paths = new Map<string, Buffer>();
  for (const path of listed) paths.set(path.toString("latin1"), path);
  for (const path of known) {
    const name = path.toString("latin1");
    if (isPlace(name)) paths.set(name, path);
  }
  return [...paths.values()];
}

async function measure(
  git: Git,
  tree: string,
  call: SnapshotCall,
): Promise<{ bytes: number; folders: ReadonlySet<string> }> {
  const sizes = await git(["ls-tree", "-r", "-l", "-z", tree], { ...call, maxBytes: MAX_LIST_BYTES });
  check("Measuring a repository inside the workspace", sizes);
  const folders = new Set<string>();
  let bytes = sizes.truncated ? Number.POSITIVE_INFINITY : 0;
  for (const line of fieldsOf(sizes.stdout)) {
    bytes += Number(/^\S+ \S+ \S+ +(\d+)\t/.exec(line.toString("latin1"))?.[1] ?? 0);
    addFolders([line.subarray(line.indexOf(TAB) + 1)], folders);
  }
  return { bytes, folders };
}
