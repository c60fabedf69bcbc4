import { randomBytes, randomUUID } from "node:crypto";
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AgencyError } from "@agency/contract";

export interface DataFolder {
  root: string;
  postgres: string;
  run: string;
  door: string;
  sandboxes: string;
  runtime: string;
  storage: string;
  /** Names the bucket this installation has stored in. */
  bucketUsed: string;
  mirrors: string;
  caches: string;
  /** 32 random bytes: tokens and API keys are worth nothing without them. */
  secret: Uint8Array;
  /** Labels everything this installation makes, so that it never touches anybody else's. */
  installId: string;
}

/**
 * Lays out the data folder. Others may pass through it (the sandbox's and Postgres' own users live below),
 * never list it: what must stay secret is 0600 or in a 0700 folder.
 */
export async function openDataFolder(root: string): Promise<DataFolder> {
  try {
    // Only a folder of our own making: somebody may have named one that is shared.
    const made = await mkdir(root, { recursive: true });
    if (made !== undefined) await chmod(root, process.getuid?.() === 0 ? 0o711 : 0o700);
    const folder = (name: string) => join(root, name);
    await makeFolder(folder("run"), 0o711);
    await makeFolder(folder("door"), 0o755);
    await makeFolder(folder("sandboxes"), 0o711);
    await makeFolder(folder("runtime"), 0o755);
    await makeFolder(folder("storage"), 0o700);
    await makeFolder(folder("mirrors"), 0o700);
    await makeFolder(folder("caches"), 0o700);
    return {
      root,
      postgres: folder("postgres"),
      run: folder("run"),
      door: folder("door"),
      sandboxes: folder("sandboxes"),
      runtime: folder("runtime"),
      storage: folder("storage"),
      bucketUsed: folder("bucket-used"),
      mirrors: folder("mirrors"),
      caches: folder("caches"),
      secret: Buffer.from(await once(folder("secret"), () => randomBytes(32).toString("hex")), "hex"),
      installId: await once(folder("install-id"), () => randomUUID()),
    };
  } catch (error) {
    throw new AgencyError("unavailable", `The data folder ${root} cannot be used: ${reason(error)}.`, {
      next: "Make it writable for this user, or name another one with AGENCY_HOME.",
      cause: error,
    });
  }
}

async function makeFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
}

/** The file's text, made on first use. Two processes at once agree on one: whoever links first. */
async function once(path: string, make: () => string): Promise<string> {
  const known = await readText(path);
  if (known !== null) return known;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${make()}\n`, { mode: 0o600, flush: true });
  try {
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return (await readText(path)) ?? "";
}

export async function readText(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Whole or not at all, and nobody else's to read. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text, { mode: 0o600, flush: true });
  await rename(draft, path);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
