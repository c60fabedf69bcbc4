import { randomBytes } from "node:crypto";
import { link, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { AgencyError, isAgencyError } from "@agency/contract";
import type { Settings } from "@agency/contract";
import type { MasterKey } from "./key-ring.ts";

export interface MasterKeys {
  /** The newest first. */
  readonly keys: readonly MasterKey[];
  /** Where they are kept; null when they come from AGENCY_MASTER_KEY and are not ours to change. */
  readonly file: string | null;
}

/** AGENCY_MASTER_KEY, or else the file, made when there is none. */
export async function loadMasterKeys(from: {
  fromSettings: Settings["masterKeys"];
  file: string;
  now: () => number;
}): Promise<MasterKeys> {
  if (from.fromSettings !== null) {
    const keys = from.fromSettings.map(({ id, key }) => ({ id, key: Buffer.from(key, "base64") }));
    return { keys, file: null };
  }
  const known = await readMasterKeys(from.file);
  if (known !== null) return { keys: known, file: from.file };
  await place(from.file, [newMasterKey(from.now())], "first");
  const made = await readMasterKeys(from.file);
  if (made === null) throw unusable(from.file, "it went away while it was read");
  return { keys: made, file: from.file };
}

/** The day in its id tells people which one is old. */
export function newMasterKey(now: number): MasterKey {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll("-", "");
  return { id: `k${day}-${randomBytes(4).toString("hex")}`, key: randomBytes(32) };
}

/** Null: there is no such file. */
export async function readMasterKeys(file: string): Promise<MasterKey[] | null> {
  const text = await readPrivate(file);
  if (text === null) return null;
  const lines = text.split("\n").map((line) => line.trim());
  const keys = lines.filter((line) => line !== "").map((line) => parseLine(file, line));
  if (keys.length === 0) throw unusable(file, "it holds no key");
  return keys;
}

export function writeMasterKeys(file: string, keys: readonly MasterKey[]): Promise<void> {
  return place(file, keys, "replace");
}

async function readPrivate(file: string): Promise<string | null> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) {
      throw new AgencyError(
        "unavailable",
        `Other users of this machine may read the master keys in ${file}.`,
        {
          next: `Run \`chmod 600 ${file}\`; if somebody may have read it, rotate the keys and the secrets.`,
        },
      );
    }
    return await readFile(file, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error) || isAgencyError(error)) throw error;
    if (error.code === "ENOENT") return null;
    throw unusable(file, error.message, error);
  }
}

function parseLine(file: string, line: string): MasterKey {
  const [, id, key] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/.exec(line) ?? [];
  if (id === undefined || key === undefined) throw unusable(file, "a line is not `id:base64` of 32 bytes");
  return { id, key: Buffer.from(key, "base64") };
}

/** Whole or not at all, and on the disk when it returns: a master key that is lost takes every secret with it. */
async function place(file: string, keys: readonly MasterKey[], how: "first" | "replace"): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  const text = keys.map(({ id, key }) => `${id}:${Buffer.from(key).toString("base64")}\n`).join("");
  await writeFile(draft, text, { mode: 0o600, flag: "wx", flush: true });
  try {
    if (how === "replace") await rename(draft, file);
    else await linkOnce(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dirname(file));
}

/** Two processes at once agree on one: whoever links first. */
async function linkOnce(draft: string, file: string): Promise<void> {
  try {
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unusable(file: string, why: string, cause?: unknown): AgencyError {
  return new AgencyError("unavailable", `The master keys in ${file} cannot be used: ${why}.`, {
    cause,
    next: "Restore the file from a backup. Without it nothing that was stored opens again: remove it only to start over.",
  });
}
