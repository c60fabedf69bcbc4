import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { MAX_DELTAS } from "@agency/contract";
import { readPackIndex } from "./pack-index.ts";
import { placesOf } from "./pack-places.ts";
import type { Places } from "./pack-places.ts";
import { thinBundle } from "./thin-bundle.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { check, SnapshotError, textOf } from "./snapshot-call.ts";
import type { SnapshotCall } from "./snapshot-call.ts";

export interface BundleOptions {
  readonly tree: string;
  /** The commit the files are a change of; null: none, and the bundle stands alone. */
  readonly parent: string | null;
  /** Commits that come with it by a name of their own. */
  readonly also: Readonly<Record<string, string>>;
  /** Whoever unpacks the bundle has this commit already. */
  readonly without: string | null;
  readonly message: string;
  /** From here on it is made as small as can be, whoever wants to read one file of it. */
  readonly thinFromBytes?: number;
}

const LARGE_BYTES = 64 * 1024 * 1024;

/** A git bundle in two pieces. */
export interface Bundle {
  readonly commit: string;
  readonly header: Buffer;
  readonly pack: string;
  readonly bytes: number;
  /** Where these objects lie in the bundle, those that do. */
  readonly places: (objects: Iterable<string>) => Promise<ReadonlyMap<string, Places>>;
}

/**
 * A commit of the files, and a bundle of it and all that leads to it: refs/agency/checkpoint and `also`. Made of git's
 * parts and not with `git bundle`, which makes deltas against what is not in it: a file can be read without that.
 */
export async function bundleSnapshot(
  store: SnapshotStore,
  options: BundleOptions,
  call: SnapshotCall,
): Promise<Bundle> {
  const { ours } = store;
  const parent = options.parent === null ? [] : ["-p", options.parent];
  const commitTree = ["commit-tree", options.tree, ...parent, "-m", options.message];
  const commit = await textOf("Making a commit of the files", ours, commitTree, call);
  const refs = { checkpoint: commit, ...options.also };
  const [pack, needed] = await Promise.all([
    packObjects(store, Object.values(refs), options.without, call),
    neededCommits(store, options, commit, call),
  ]);
  const header = bundleHeader(refs, needed);
  const { size } = await stat(`${pack}.pack`);
  const whole = { commit, header, pack: `${pack}.pack`, bytes: header.length + size };
  if (whole.bytes > (options.thinFromBytes ?? LARGE_BYTES) && options.without !== null) {
    // It takes the most memory and time: where these are missing there still is what is there already.
    const thin = await thinBundle(store, refs, options.without, call).catch(() => null);
    if (thin !== null && thin.bytes < whole.bytes)
      return {
        commit,
        header: Buffer.alloc(0),
        pack: thin.file,
        bytes: thin.bytes,
        places: async () => new Map(),
      };
  }
  const sizes = { packBytes: size, headerBytes: header.length };
  return { ...whole, places: (objects) => findObjects(pack, objects, sizes) };
}

/** A million commits: those that are looked for come last. */
const MAX_LISTING_BYTES = 64 * 1024 * 1024;

/** How far one file is from the whole one it is made from is bounded: a reader unpacks all between. */
const DELTAS = ["--delta-base-offset", `--depth=${MAX_DELTAS}`];

async function packObjects(
  { ours, folder }: SnapshotStore,
  commits: readonly string[],
  without: string | null,
  call: SnapshotCall,
): Promise<string> {
  const to = join(folder, "bundle");
  await rm(to, { recursive: true, force: true });
  await removeUnfinished(join(folder, "objects", "pack"));
  await mkdir(to, { mode: 0o700 });
  const lines = [...commits, ...(without === null ? [] : [`^${without}`])];
  const input = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  const pack = ["pack-objects", "--quiet", "--revs", ...DELTAS, join(to, "pack")];
  return join(to, `pack-${await textOf("Packing the workspace", ours, pack, { ...call, input })}`);
}

/** What packing left that was killed, or found the disk full: it takes the very room that is missing. */
async function removeUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const left = names.filter((name) => name.startsWith("tmp_"));
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
}

async function findObjects(
  pack: string,
  objects: Iterable<string>,
  { packBytes, headerBytes }: { packBytes: number; headerBytes: number },
): Promise<ReadonlyMap<string, Places>> {
  const found = new Map<string, Places>();
  const [index, file] = await Promise.all([readFile(`${pack}.idx`), open(`${pack}.pack`, "r")]);
  try {
    let known: ReturnType<typeof readPackIndex> | null = null;
    for (const object of objects) {
      known ??= readPackIndex(index, packBytes, object.length === 64 ? 32 : 20);
      const places = placesOf(file.fd, known, object);
      if (places === null) continue;
      found.set(
        object,
        places.map(([offset, length]) => [headerBytes + offset, length]),
      );
    }
  } finally {
    await file.close();
  }
  return found;
}

/** The commits that what is in the bundle builds on. */
async function neededCommits(
  { ours }: SnapshotStore,
  { parent, also, without }: BundleOptions,
  commit: string,
  call: SnapshotCall,
): Promise<string[]> {
  if (without === null) return [];
  const others = Object.values(also);
  // The agent made no commits: no process is needed to find out.
  if (parent === without && others.length === 0) return [without];
  const list = ["rev-list", "--boundary", commit, ...others, `^${without}`];
  const listing = await ours(list, { ...call, maxBytes: MAX_LISTING_BYTES });
  check("Finding what the workspace builds on", listing);
  if (listing.truncated) throw new SnapshotError("The history of the workspace is too long to be packed.");
  const lines = listing.stdout.toString().split("\n");
  return lines.flatMap((line) => (line.startsWith("-") ? [line.slice(1)] : []));
}

function bundleHeader(refs: Readonly<Record<string, string>>, needed: readonly string[]): Buffer {
  const isSha256 = Object.values(refs).some(({ length }) => length === 64);
  const lines = [
    ...(isSha256 ? ["# v3 git bundle", "@object-format=sha256"] : ["# v2 git bundle"]),
    ...needed.map((commit) => `-${commit} `),
    ...Object.entries(refs).map(([name, commit]) => `${commit} refs/agency/${name}`),
  ];
  return Buffer.from(`${lines.join("\n")}\n\n`);
}
