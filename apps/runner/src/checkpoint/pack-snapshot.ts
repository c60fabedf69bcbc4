import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { placesOf } from "./pack-index.ts";
import type { PackPlaces } from "./pack-index.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { check, textOf } from "./snapshot-call.ts";
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
}

/** A git bundle in two pieces. */
export interface Bundle {
  readonly commit: string;
  readonly header: Buffer;
  readonly pack: string;
  readonly bytes: number;
  /** Where an object begins in the bundle. */
  readonly places: () => Promise<PackPlaces>;
}

/**
 * A commit of the files, and a bundle of it and all that leads to it: refs/agency/checkpoint and `also`. Made of git's
 * parts and not with `git bundle`, because every object lies in it whole: one file can be read without the others.
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
  const places = async (): Promise<PackPlaces> =>
    placesOf(await readFile(`${pack}.idx`), size, commit.length === 64 ? 32 : 20);
  return { commit, header, pack: `${pack}.pack`, bytes: header.length + size, places };
}

/** No deltas: neither new ones nor those that lie in the agent's own packs. */
const WHOLE = ["--window=0", "--depth=0", "--no-reuse-delta"];

async function packObjects(
  { ours, folder }: SnapshotStore,
  commits: readonly string[],
  without: string | null,
  call: SnapshotCall,
): Promise<string> {
  const to = join(folder, "bundle");
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { mode: 0o700 });
  const lines = [...commits, ...(without === null ? [] : [`^${without}`])];
  const input = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  const pack = ["pack-objects", "--quiet", "--revs", ...WHOLE, join(to, "pack")];
  return join(to, `pack-${await textOf("Packing the workspace", ours, pack, { ...call, input })}`);
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
  const listing = await ours(list, call);
  check("Finding what the workspace builds on", listing);
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
