import { AgencyError, archiveManifestSchema } from "@agency/contract";
import type { ArchiveManifest } from "@agency/contract";
import type { BlobRow } from "@agency/core";
import type { BlobStorage } from "./blob-storage.ts";

/** 200,000 files with long names; to parse that many takes about a second. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Whoever looks through the files of a task asks for many pages of one. */
const MOST_CACHED = 2;

export type ArchivedEntry = ArchiveManifest["files"][number];
export type Manifests = (row: BlobRow) => Promise<ArchiveManifest>;

/** Reads lists of files that runners wrote. A blob never changes, so neither does what was read of it. */
export function createManifests(storage: Pick<BlobStorage, "read">): Manifests {
  const cache = new Map<string, Promise<ArchiveManifest>>();
  return (row) => {
    const known = cache.get(row.id);
    if (known !== undefined) return known;
    const reading = readManifest(storage, row);
    const [oldest] = cache.keys();
    if (cache.size >= MOST_CACHED && oldest !== undefined) cache.delete(oldest);
    cache.set(row.id, reading);
    reading.catch(() => cache.delete(row.id));
    return reading;
  };
}

async function readManifest(storage: Pick<BlobStorage, "read">, row: BlobRow): Promise<ArchiveManifest> {
  if (row.bytes > MAX_BYTES) throw unreadable(`is over ${MAX_BYTES} bytes`);
  const stored = await storage.read(row.key);
  if (stored === null) throw unreadable("is gone");
  const parsed = archiveManifestSchema.safeParse(parse(await new Response(stored.body).text()));
  if (!parsed.success) throw unreadable("does not hold what was agreed");
  // The order of code units, so that a page can begin after any path.
  const files = parsed.data.files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { ...parsed.data, files };
}

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
