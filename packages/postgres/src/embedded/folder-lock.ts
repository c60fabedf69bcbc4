import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { errnoOf, unavailable } from "./failure.ts";
import { processLife } from "./process-identity.ts";

export interface FolderLock {
  release(): Promise<void>;
}

interface Holder {
  pid: number;
  life: string;
  token: string;
}

/** One supervisor a data folder. The lock dies with its process: a crash never leaves it behind. */
export async function lockFolder(lockFile: string, folder: string): Promise<FolderLock> {
  const token = randomUUID();
  const mine: Holder = { pid: process.pid, life: (await processLife(process.pid)) ?? "unknown", token };
  const draft = `${lockFile}.${token}`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (;;) {
      if (await claim(draft, lockFile)) return { release: () => releaseLock(lockFile, token) };
      const holder = await readHolder(lockFile);
      if (holder !== null && (await processLife(holder.pid)) === holder.life) throw inUse(folder, holder.pid);
      await removeStale(lockFile, `${draft}.stale`, holder);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** A hard link appears whole or not at all, so a reader never meets a half-written lock. */
async function claim(draft: string, lockFile: string): Promise<boolean> {
  try {
    await link(draft, lockFile);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Another process may have found the lock stale, too, and taken it in the meantime: then it is put back. */
async function removeStale(lockFile: string, aside: string, seen: Holder | null): Promise<void> {
  try {
    await rename(lockFile, aside);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  const taken = await readHolder(aside);
  if (taken?.token !== seen?.token) await claim(aside, lockFile);
  await rm(aside, { force: true });
}

async function releaseLock(lockFile: string, token: string): Promise<void> {
  if ((await readHolder(lockFile))?.token === token) await rm(lockFile, { force: true });
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  return (
    typeof value === "object" &&
    value !== null &&
    "pid" in value &&
    Number.isInteger(value.pid) &&
    "life" in value &&
    "token" in value
  );
}

function inUse(folder: string, pid: number): Error {
  return unavailable(
    `Another Agency (process ${pid}) is using the data folder ${folder}.`,
    "Stop it with `agency down`, or give this one its own folder with AGENCY_HOME.",
  );
}
