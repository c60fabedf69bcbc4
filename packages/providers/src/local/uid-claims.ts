import { randomBytes, randomInt } from "node:crypto";
import { access, mkdir, readdir, readlink, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { ProviderError } from "@agency/core";
import type { SandboxUids } from "./options.ts";
import { isMissing } from "./records.ts";

/**
 * A claim is a symbolic link `<uid>.<random>` to the sandbox folder that uses the uid. Everyone first
 * makes the link, then looks whether another one names the same uid, and steps back if so. Of two
 * racing creators the later one always sees the earlier, so both may step back but never both stay;
 * and as a link's name is never used twice, removing a dead one can never remove a living one.
 */
export async function claimUid(pool: SandboxUids, folder: string): Promise<number> {
  return (await claimFree(pool, folder)) ?? (await claimAfterSweep(pool, folder));
}

/** Every claim of a folder, also one whose creator died before it wrote down which it got. */
export async function releaseUids(pool: SandboxUids, folder: string): Promise<void> {
  await removeClaims(pool, (owner) => Promise.resolve(owner === folder));
}

async function claimFree(pool: SandboxUids, folder: string): Promise<number | null> {
  const taken = new Set((await claimNames(pool)).map(uidOf));
  const start = randomInt(pool.count);
  for (let step = 0; step < pool.count; step += 1) {
    const uid = pool.first + ((start + step) % pool.count);
    if (!taken.has(uid) && (await claimOne(pool, uid, folder))) return uid;
  }
  return null;
}

async function claimOne(pool: SandboxUids, uid: number, folder: string): Promise<boolean> {
  const name = `${uid}.${randomBytes(8).toString("hex")}`;
  await symlink(folder, join(pool.claims, name)).catch(async (error: unknown) => {
    if (!isMissing(error)) throw error;
    await mkdir(pool.claims, { recursive: true, mode: 0o700 });
    await symlink(folder, join(pool.claims, name));
  });
  const rivals = (await claimNames(pool)).filter((other) => other !== name && uidOf(other) === uid);
  if (rivals.length === 0) return true;
  await rm(join(pool.claims, name), { force: true });
  return false;
}

/** Only when nothing is free: a claim outlives its folder if the machine stopped at the wrong moment. */
async function claimAfterSweep(pool: SandboxUids, folder: string): Promise<number> {
  await removeClaims(pool, async (owner) => !(await exists(owner)));
  const uid = await claimFree(pool, folder);
  if (uid !== null) return uid;
  const last = pool.first + pool.count - 1;
  throw new ProviderError(
    "capacity",
    `every sandbox user from ${pool.first} to ${last} is taken on this machine`,
  );
}

async function removeClaims(pool: SandboxUids, isDead: (owner: string) => Promise<boolean>): Promise<void> {
  for (const name of await claimNames(pool)) {
    const path = join(pool.claims, name);
    const owner = await readlink(path).catch(() => null);
    if (owner !== null && (await isDead(owner))) await rm(path, { force: true });
  }
}

async function claimNames(pool: SandboxUids): Promise<string[]> {
  try {
    return await readdir(pool.claims);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function uidOf(name: string): number {
  return Number(name.split(".")[0]);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: unknown) => !isMissing(error),
  );
}
