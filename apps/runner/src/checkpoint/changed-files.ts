import type { CheckpointListEntry } from "@agency/contract";
import { fieldsOf } from "../workspace/nul-lists.ts";
import { keyOf, nameOf, standing, MAX_LISTING_BYTES, NESTED } from "./file-entries.ts";
import type { Links } from "./file-entries.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import type { SnapshotCall } from "./snapshot-call.ts";

/** What became of the files of a commit. */
export interface ChangedFiles {
  readonly entries: readonly CheckpointListEntry[];
  /** The keys of all that is not as it was. */
  readonly keys: ReadonlySet<string>;
}

/** Two trees, path by path. What a repository says of its submodules must not hide one. */
export const COMPARE_TREES = [
  "diff-tree",
  "-r",
  "--ignore-submodules=none",
  "-z",
  "--no-renames",
  "--raw",
  "--no-abbrev",
];

/** Null: git does not tell all of it. */
export async function changedFiles(
  store: SnapshotStore,
  base: string,
  tree: string,
  links: Links,
  call: SnapshotCall,
): Promise<ChangedFiles | null> {
  const compare = [...COMPARE_TREES, base, tree];
  const { code, stdout, truncated } = await store.ours(compare, { ...call, maxBytes: MAX_LISTING_BYTES });
  if (code !== 0 || truncated) return null;
  const changed = [...changesIn(stdout)];
  const sizes = await sizesOf(store, changed, call);
  return {
    entries: changed.flatMap((change) => entryOf(change, sizes, links) ?? []),
    keys: new Set(changed.map(({ path }) => keyOf(nameOf(path)))),
  };
}

interface Change {
  readonly path: Buffer;
  readonly oldMode: string;
  readonly mode: string;
  readonly object: string;
  readonly kind: "added" | "modified" | "deleted";
}

const KINDS: Readonly<Record<string, Change["kind"]>> = { A: "added", D: "deleted" };

function* changesIn(raw: Buffer): Generator<Change> {
  let about: string | null = null;
  for (const field of fieldsOf(raw)) {
    if (about === null) {
      about = field.toString("latin1");
      continue;
    }
    const [oldMode = "", mode = "", , object = "", letter = ""] = about.slice(1).split(" ");
    yield { path: field, oldMode, mode, object, kind: KINDS[letter] ?? "modified" };
    about = null;
  }
}

async function sizesOf(
  { ours }: SnapshotStore,
  changed: readonly Change[],
  call: SnapshotCall,
): Promise<ReadonlyMap<string, number>> {
  const objects = changed.flatMap(({ kind, object }) => (kind === "deleted" ? [] : [`${object}\n`]));
  if (objects.length === 0) return new Map();
  const ask = ["cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer"];
  const most = { ...call, maxBytes: MAX_LISTING_BYTES, input: Buffer.from(objects.join("")) };
  const lines = (await ours(ask, most)).stdout.toString("latin1").split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [object = "", size] = line.split(" ");
      return Number.isSafeInteger(Number(size)) ? [[object, Number(size)] as const] : [];
    }),
  );
}

function entryOf(
  { path, oldMode, mode, object, kind }: Change,
  sizes: ReadonlyMap<string, number>,
  links: Links,
): CheckpointListEntry | null {
  if (kind === "deleted") return oldMode === NESTED ? null : { ...nameOf(path), change: kind };
  const entry = standing(path, mode, object, sizes.get(object), links);
  return entry && { ...entry, change: kind };
}
