import { randomUUID } from "node:crypto";
import { chmod, lstat, mkdir, readdir, realpath, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { ByteRange, ObjectRead, Storage, StoredObject } from "@agency/core";
import { byteStream, wholeBody } from "../byte-stream.ts";
import type { ByteSource } from "../byte-stream.ts";
import { checkedKey, checkedOptions, checkedPage, checkedRange } from "../checked-request.ts";
import { compareBytes } from "../compare-bytes.ts";
import { codeOf, diskError } from "./disk-error.ts";
import { freeBytesOf, openDiskRoom } from "./disk-room.ts";
import { listObjects } from "./list-objects.ts";
import { FOLDER_MODE, localPaths, refuseLinks } from "./local-paths.ts";
import type { LocalPaths } from "./local-paths.ts";
import { objectBytes, openObject } from "./object-file.ts";
import type { OpenObject } from "./object-file.ts";
import { writeObject } from "./write-object.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Blobs as files below `root`, for one or several processes on one machine. Leaves `freeBytes` of its disk alone. */
export async function openLocalStorage(root: string, { freeBytes = 0 } = {}): Promise<Storage> {
  const paths = await prepare(root).catch((error: unknown) => {
    throw diskError(error, "The storage folder", root);
  });
  const place = { paths, room: openDiskRoom(freeBytes, () => freeBytesOf(paths.root)) };
  const storage: Storage = {
    put: async (key, body) => void (await storage.write(key, once(body), { bytes: body.byteLength })),
    write: async (key, body, options = {}) => writeObject(place, key, body, checkedOptions(key, options)),
    async get(key) {
      const found = await storage.read(key);
      return found === null ? null : wholeBody(found.body, found.object.bytes);
    },
    read: (key, range = {}, how = {}) => on(paths, key, () => read(paths, key, range, how)),
    stat: (key) => on(paths, key, () => stat(paths, key)),
    compare: (key, told) => compareBytes(storage, key, told),
    list: (prefix, page = {}) => on(paths, prefix, () => list(paths, prefix, page)),
    delete: (key) => on(paths, key, () => remove(paths, key)),
    deletePrefix: (prefix) => on(paths, prefix, () => deletePrefix(paths, prefix)),
    sweep: (before) => on(paths, "~work", () => sweep(paths, before)),
    signGet: unsigned,
    signPut: unsigned,
  };
  await storage.sweep(Date.now() - DAY_MS);
  return storage;
}

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}

async function unsigned(key: string): Promise<null> {
  checkedKey(key);
  return null;
}

async function on<T>(paths: LocalPaths, key: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw diskError(error, `"${key}"`, paths.root);
  }
}

async function prepare(root: string): Promise<LocalPaths> {
  await mkdir(root, { recursive: true, mode: FOLDER_MODE });
  const paths = localPaths(await realpath(root));
  await chmod(paths.root, FOLDER_MODE);
  await refuseLinks(paths, paths.work);
  await mkdir(paths.work, { recursive: true, mode: FOLDER_MODE });
  return paths;
}

/** A draft that is being written is touched by every chunk; a trash folder keeps its age, and is trash. */
async function sweep(paths: LocalPaths, before: number): Promise<void> {
  for (const name of await readdir(paths.work)) {
    const path = join(paths.work, name);
    const found = await lstat(path).catch(() => null);
    if (found !== null && found.mtimeMs < before) await rm(path, { recursive: true, force: true });
  }
}

async function open(paths: LocalPaths, key: string): Promise<OpenObject | null> {
  const { folder, file } = paths.object(key);
  await refuseLinks(paths, folder);
  return openObject(key, file);
}

async function stat(paths: LocalPaths, key: string): Promise<StoredObject | null> {
  const opened = await open(paths, key);
  await opened?.handle.close();
  return opened?.object ?? null;
}

async function read(
  paths: LocalPaths,
  key: string,
  range: ByteRange,
  { unchecked = false }: { unchecked?: boolean },
): Promise<ObjectRead | null> {
  checkedRange(key, range, 0);
  const opened = await open(paths, key);
  if (opened === null) return null;
  const { object, handle } = opened;
  const within = checkedRange(key, range, object.bytes);
  const whole = within.from === 0 && within.to === object.bytes;
  const bytes = objectBytes(handle, within);
  const source: ByteSource = { next: () => on(paths, key, () => bytes.next()), close: () => bytes.close() };
  return { object, body: byteStream(key, source, whole && !unchecked ? object.sha256 : null) };
}

async function list(
  paths: LocalPaths,
  prefix: string,
  page: { after?: string | undefined; limit?: number | undefined },
) {
  const folder = paths.folder(prefix);
  await refuseLinks(paths, folder);
  return listObjects(folder, prefix, checkedPage(page));
}

async function remove(paths: LocalPaths, key: string): Promise<void> {
  const { folder, file } = paths.object(key);
  await refuseLinks(paths, folder);
  await ignoring("ENOENT", unlink(file));
}

/** Out of sight in one step, then removed: no reader ever meets half of it. */
async function deletePrefix(paths: LocalPaths, prefix: string): Promise<void> {
  const folder = paths.folder(prefix);
  await refuseLinks(paths, folder);
  const doomed = join(paths.work, randomUUID());
  await ignoring("ENOENT", rename(folder, doomed));
  await rm(doomed, { recursive: true, force: true });
}

async function ignoring(code: string, action: Promise<void>): Promise<void> {
  try {
    await action;
  } catch (error) {
    if (codeOf(error) !== code) throw error;
  }
}
