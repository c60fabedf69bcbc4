import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readlinkSync } from "node:fs";
import { MAX_CHECKPOINT_FILES, MAX_PATH_BYTES } from "@agency/contract";
import type { CheckpointListEntry } from "@agency/contract";
import { fieldsOf } from "./list-changes.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import type { SnapshotCall } from "./snapshot-call.ts";

const MAX_LISTING_BYTES = 64 * 1024 * 1024;
const MAX_LINKS = 10_000;
const TAB = 9;
const LINK = "120000";
const NESTED = "160000";

/** The files of a checkpoint, and those that its base had and it has not. */
export interface ListedFiles {
  readonly entries: readonly CheckpointListEntry[];
  readonly base: string | null;
  readonly truncated: boolean;
}

/** Null: git does not tell; a checkpoint is one without a list, too. */
export async function listSnapshot(
  store: SnapshotStore,
  { tree, base }: { tree: string; base: string | null },
  call: SnapshotCall,
): Promise<ListedFiles | null> {
  const most = { ...call, maxBytes: MAX_LISTING_BYTES };
  const [listing, changes] = await Promise.all([
    store.ours(["ls-tree", "-r", "-l", "-z", "--full-tree", tree], most),
    base === null ? null : store.ours(["diff-tree", "-r", "-z", "--no-renames", "--raw", base, tree], most),
  ]);
  if (listing.code !== 0) return null;
  const isCompared = changes?.code === 0 && !changes.truncated;
  const { changed, deleted } = changesIn(isCompared ? changes.stdout : Buffer.alloc(0));
  const links = { left: MAX_LINKS, workspace: store.workspace };
  const entries = [...filesIn(listing.stdout, changed, links), ...deleted.map(deletedEntry)];
  return {
    entries: entries.slice(0, MAX_CHECKPOINT_FILES),
    base: isCompared ? base : null,
    truncated: listing.truncated || entries.length > MAX_CHECKPOINT_FILES,
  };
}

type Change = "added" | "modified";

interface Changed {
  /** By path, one character a byte. */
  readonly changed: ReadonlyMap<string, Change>;
  readonly deleted: readonly Buffer[];
}

function changesIn(raw: Buffer): Changed {
  const changed = new Map<string, Change>();
  const deleted: Buffer[] = [];
  let about = "";
  for (const field of fieldsOf(raw)) {
    if (about === "") {
      about = field.toString("latin1");
      continue;
    }
    if (about.endsWith("D")) {
      if (!about.startsWith(`:${NESTED}`)) deleted.push(field);
    } else changed.set(field.toString("latin1"), about.endsWith("A") ? "added" : "modified");
    about = "";
  }
  return { changed, deleted };
}

interface Links {
  left: number;
  readonly workspace: string;
}

function* filesIn(
  listing: Buffer,
  changed: Changed["changed"],
  links: Links,
): Generator<CheckpointListEntry> {
  for (const line of fieldsOf(listing)) {
    const tab = line.indexOf(TAB);
    const [mode, , object = "", size] = line.toString("latin1", 0, tab).split(/ +/);
    if (mode === NESTED) continue;
    const path = line.subarray(tab + 1);
    if (path.length > MAX_PATH_BYTES) continue;
    const change = changed.get(path.toString("latin1"));
    const bytes = Number(size);
    yield {
      ...nameOf(path),
      ...(mode === LINK
        ? linkOf(path, object, links)
        : { kind: "file", mode: Number.parseInt(mode ?? "", 8) & 0o777 }),
      ...(Number.isSafeInteger(bytes) ? { bytes } : {}),
      ...(change === undefined ? {} : { change }),
      object,
    };
  }
}

function deletedEntry(path: Buffer): CheckpointListEntry {
  return { ...nameOf(path), change: "deleted" };
}

function nameOf(path: Buffer): { path: string; pathBytes?: string } {
  return isUtf8(path)
    ? { path: path.toString() }
    : { path: path.toString(), pathBytes: path.toString("base64") };
}

/** From the workspace, where it may have changed since: taken only when it is what git has. */
function linkOf(path: Buffer, object: string, links: Links): { kind: "link"; mode: number; target?: string } {
  const link = { kind: "link", mode: 0o777 } as const;
  if (links.left === 0) return link;
  links.left -= 1;
  try {
    const target = readlinkSync(Buffer.concat([Buffer.from(`${links.workspace}/`), path]), "buffer");
    const hash = createHash(object.length === 64 ? "sha256" : "sha1");
    const name = hash.update(`blob ${target.length}\0`).update(target).digest("hex");
    return name === object && target.length <= MAX_PATH_BYTES ? { ...link, target: target.toString() } : link;
  } catch {
    return link;
  }
}
