/** A file of the workspace, at a checkpoint or at the end of the run. */
export interface Entry {
  path: string;
  kind: "file" | "link";
  /** Not known of every file that is as in the base. */
  bytes?: number | undefined;
  target?: string | undefined;
  /** What became of it since the commit the run started from, where that is known. */
  change?: "added" | "modified" | "deleted" | undefined;
}

/** As much of the list of files as was fetched. */
export interface Listing {
  entries: readonly Entry[];
  /** Something was left out when the list was made. */
  truncated: boolean;
  /** Where it goes on; null: this is all of it. */
  after: string | null;
}

/** One part of it, by path. */
export type ReadPage = (after: string | null) => Promise<Listing>;

/** Goes on from what is there until it has `wanted` entries or all of them. */
export async function listUpTo(have: Listing | null, wanted: number, readPage: ReadPage): Promise<Listing> {
  let listing = have ?? (await readPage(null));
  while (listing.after !== null && listing.entries.length < wanted) {
    const next = await readPage(listing.after);
    // The same place again would never end.
    const after = next.after === listing.after ? null : next.after;
    const truncated = listing.truncated || next.truncated || after !== next.after;
    listing = { entries: [...listing.entries, ...next.entries], truncated, after };
  }
  return listing;
}

/** What is there and what is gone, as one list. */
export function byPath(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));
}
