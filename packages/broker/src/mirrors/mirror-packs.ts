import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { packFolder } from "./mirror-place.ts";

const PACK_FILE = /^(pack-(?:[0-9a-f]{40}|[0-9a-f]{64}))\.(?:pack|idx|rev)$/;

/** The packs of a repository by name, each with its files; what git is still writing has other names. */
export async function listPacks(repository: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const packs = new Map<string, string[]>();
  for (const file of await readdir(packFolder(repository))) {
    const name = PACK_FILE.exec(file)?.[1];
    if (name !== undefined) packs.set(name, [...(packs.get(name) ?? []), file]);
  }
  return packs;
}

/**
 * Whether every pack is the one its index was made for, by the checksum both end with. Finds what was cut off or
 * replaced in less than a millisecond; a flipped bit in the middle is found by whoever reads the object.
 */
export async function arePacksWhole(repository: string): Promise<boolean> {
  try {
    const packs = await listPacks(repository);
    const whole = await Promise.all([...packs.keys()].map((name) => isWhole(repository, name)));
    return whole.every(Boolean);
  } catch {
    return false;
  }
}

async function isWhole(repository: string, name: string): Promise<boolean> {
  const hashBytes = (name.length - "pack-".length) / 2;
  const path = join(packFolder(repository), name);
  const [pack, index] = await Promise.all([
    tail(`${path}.pack`, hashBytes),
    tail(`${path}.idx`, 2 * hashBytes),
  ]);
  return pack !== null && index !== null && pack.equals(index.subarray(0, hashBytes));
}

async function tail(path: string, bytes: number): Promise<Buffer | null> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  if (size < bytes) return null;
  const { buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, size - bytes);
  return buffer;
}
