import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { storageKeyProblem } from "@agency/core";
import type { ListedObject, ObjectPage } from "@agency/core";
import type { Page } from "../checked-request.ts";
import { codeOf } from "./disk-error.ts";
import { HEADER_BYTES } from "./object-file.ts";

/** One folder is in memory at a time; what comes before `after` is not even opened. */
export async function listObjects(folder: string, prefix: string, page: Page): Promise<ObjectPage> {
  const objects: ListedObject[] = [];
  for await (const { key, file } of walk(folder, `${prefix}/`, page.after)) {
    const found = await ifThere(lstat(file));
    if (found === null) continue;
    if (objects.length === page.limit) return { objects, next: objects.at(-1)?.key ?? null };
    objects.push({ key, bytes: Math.max(found.size - HEADER_BYTES, 0), at: Math.round(found.mtimeMs) });
  }
  return { objects, next: null };
}

async function* walk(
  folder: string,
  prefix: string,
  after: string | null,
): AsyncGenerator<{ key: string; file: string }> {
  for (const { name, entry } of sorted((await ifThere(readdir(folder, { withFileTypes: true }))) ?? [])) {
    const key = `${prefix}${name}`;
    const path = join(folder, entry.name);
    if (entry.isFile()) {
      if (after === null || key > after) yield { key, file: path };
    } else if (after === null || key > after || after.startsWith(key)) yield* walk(path, key, after);
  }
}

/** In the order of whole keys: the slash that follows a folder's name counts. Of links and strangers, none. */
function sorted(entries: Dirent[]): { name: string; entry: Dirent }[] {
  return entries
    .flatMap((entry) => {
      if (entry.isFile() && storageKeyProblem(entry.name) === null) return [{ name: entry.name, entry }];
      const isFolder = entry.isDirectory() && entry.name.endsWith("+");
      return isFolder ? [{ name: `${entry.name.slice(0, -1)}/`, entry }] : [];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function ifThere<T>(action: Promise<T>): Promise<T | null> {
  try {
    return await action;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
