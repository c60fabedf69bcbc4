import type { Storage } from "@agency/core";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { codeOf, diskError } from "./disk-error.ts";
import { localPaths } from "./local-paths.ts";
import type { LocalPaths } from "./local-paths.ts";

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** A write takes seconds; what is older was left by a process that died. */
const LEFTOVER_MS = 60 * 60 * 1000;
/** A folder can vanish between its making and the rename into it; each time is one `deletePrefix` of it. */
const RENAME_TRIES = 5;

/** Blobs as files below `root`, for one or several processes on one machine. */
export async function openLocalStorage(root: string): Promise<Storage> {
  const paths = localPaths(root);
  await prepare(paths).catch((error: unknown) => {
    throw diskError(error, "The storage folder", root);
  });
  return {
    put: (key, body) => on(paths, key, () => put(paths, key, body)),
    get: (key) => on(paths, key, () => get(paths, key)),
    delete: (key) => on(paths, key, () => ignoring("ENOENT", unlink(paths.object(key).file))),
    deletePrefix: (prefix) => on(paths, prefix, () => deletePrefix(paths, prefix)),
  };
}

async function on<T>(paths: LocalPaths, key: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw diskError(error, `"${key}"`, paths.root);
  }
}

async function prepare(paths: LocalPaths): Promise<void> {
  await mkdir(paths.work, { recursive: true, mode: FOLDER_MODE });
  await chmod(paths.root, FOLDER_MODE);
  const names = await readdir(paths.work);
  await Promise.all(names.map((name) => removeLeftover(join(paths.work, name))));
}

async function removeLeftover(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found !== null && Date.now() - found.mtimeMs > LEFTOVER_MS)
    await rm(path, { recursive: true, force: true });
}

async function put(paths: LocalPaths, key: string, body: Uint8Array): Promise<void> {
  const { folder, file } = paths.object(key);
  const draft = join(paths.work, randomUUID());
  try {
    await writeDurably(draft, body);
    await moveInto(draft, folder, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeDurably(file: string, body: Uint8Array): Promise<void> {
  await using handle = await open(file, "wx", FILE_MODE);
  await handle.writeFile(body);
  await handle.sync();
}

async function moveInto(draft: string, folder: string, file: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const made = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
      await rename(draft, file);
      return await syncFolders(folder, made === undefined ? folder : dirname(made));
    } catch (error) {
      if (codeOf(error) !== "ENOENT" || tries === RENAME_TRIES) throw error;
    }
  }
}

/** A name is on disk only when the folder that holds it is: from the object's folder up to the first old one. */
async function syncFolders(from: string, to: string): Promise<void> {
  for (let folder = from; ; folder = dirname(folder)) {
    await ignoring("ENOENT", syncFolder(folder));
    if (folder === to) return;
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}

async function get(paths: LocalPaths, key: string): Promise<Uint8Array | null> {
  try {
    await using handle = await open(paths.object(key).file, constants.O_RDONLY | constants.O_NOFOLLOW);
    return new Uint8Array(await handle.readFile());
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Out of sight in one step, then removed: no reader ever meets half of it. */
async function deletePrefix(paths: LocalPaths, prefix: string): Promise<void> {
  const doomed = join(paths.work, randomUUID());
  await ignoring("ENOENT", rename(paths.folder(prefix), doomed));
  await rm(doomed, { recursive: true, force: true });
}

async function ignoring(code: string, action: Promise<void>): Promise<void> {
  try {
    await action;
  } catch (error) {
    if (codeOf(error) !== code) throw error;
  }
}
