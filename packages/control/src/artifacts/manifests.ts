import { buffer } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import {
  AgencyError,
  archiveManifestSchema,
  MAX_ARCHIVED_FILES,
  manifestEntrySchema,
} from "@agency/contract";
import type { ArchiveManifest } from "@agency/contract";
import type { BlobRow } from "@agency/core";
import type { BlobStorage } from "./blob-storage.ts";
import { createReadingLanes } from "./reading-lanes.ts";
import { readPart, within } from "./read-within.ts";

/** 200,000 files with long names. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Each file is an object, and a name may hold some: of millions in 32 MiB the parser alone would make a gigabyte. */
const MAX_BRACKETS = 4 * MAX_ARCHIVED_FILES;
const READ_MS = 60_000;
/** Each is processor time and memory; one that is being read may be waited for by many. */
const MOST_AT_ONCE = { account: 2, all: 4 };
/** Others get a turn in between: to judge all takes about a second. */
const AT_ONCE = 2000;
/** Whoever looks through the files of a task asks for many pages of one. */
const MOST_CACHED = 2;

const outlineSchema = archiveManifestSchema.omit({ files: true });

export type ArchivedEntry = ArchiveManifest["files"][number];
export type Manifests = (row: BlobRow) => Promise<ArchiveManifest>;

/** Reads lists of files that runners wrote. A blob never changes, so neither does what was read of it. */
export function createManifests(storage: Pick<BlobStorage, "read">): Manifests {
  const cache = new Map<string, Promise<ArchiveManifest>>();
  const enter = createReadingLanes(MOST_AT_ONCE, "lists of files");
  return async (row) => {
    const known = cache.get(row.id);
    if (known !== undefined) return known;
    const leave = enter(row.accountId);
    const reading = readManifest(storage, row).finally(leave);
    const [oldest] = cache.keys();
    if (cache.size >= MOST_CACHED && oldest !== undefined) cache.delete(oldest);
    cache.set(row.id, reading);
    reading.catch(() => cache.delete(row.id));
    return reading;
  };
}

async function readManifest(storage: Pick<BlobStorage, "read">, row: BlobRow): Promise<ArchiveManifest> {
  if (row.bytes > MAX_BYTES) throw unreadable(`is over ${MAX_BYTES} bytes`);
  const range = { from: 0, to: row.bytes };
  const bytes = await within(READ_MS, (signal) => buffer(readPart(storage, row.key, range, signal)));
  if (bracketsIn(bytes) > MAX_BRACKETS) throw notAsAgreed();
  const whole: unknown = parse(bytes.toString());
  const outline = outlineSchema.safeParse(whole);
  const entries = filesOf(whole);
  if (!outline.success || entries === null || entries.length > MAX_ARCHIVED_FILES) throw notAsAgreed();
  const files = await judgeEntries(entries);
  // The order of code units, so that a page can begin after any path.
  files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { ...outline.data, files };
}

function bracketsIn(json: Buffer): number {
  let count = 0;
  for (let at = 0; at < json.length; at += 1) if (json[at] === 0x5b || json[at] === 0x7b) count += 1;
  return count;
}

function filesOf(manifest: unknown): readonly unknown[] | null {
  if (typeof manifest !== "object" || manifest === null || !("files" in manifest)) return null;
  return Array.isArray(manifest.files) ? manifest.files : null;
}

/** Up to the first bad one: a complaint about each of millions of entries took gigabytes. */
async function judgeEntries(entries: readonly unknown[]): Promise<ArchivedEntry[]> {
  const files: ArchivedEntry[] = [];
  for (const [at, entry] of entries.entries()) {
    const parsed = manifestEntrySchema.safeParse(entry);
    if (!parsed.success) throw notAsAgreed();
    files.push(parsed.data);
    if (at % AT_ONCE === AT_ONCE - 1) await setImmediate();
  }
  return files;
}

const notAsAgreed = () => unreadable("does not hold what was agreed");

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(why: string): AgencyError {
  return new AgencyError(
    "conflict",
    `The list of this task's files ${why}, so they cannot be shown one by one.`,
    {
      next: "Download the whole archive instead.",
    },
  );
}
