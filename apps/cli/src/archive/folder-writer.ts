import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, mkdir, open, readlink, rename, symlink, unlink } from "node:fs/promises";
import type { ByteString } from "./tar-header.ts";
import { shownPath } from "./entry-path.ts";

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** A place below the folder that something else than a folder stands in the way of. */
export class InTheWay extends Error {
  override readonly name = "InTheWay";
}

/** Writes below one folder and nowhere else. Names are relative, without dot parts: `judgePath` saw to it. */
export interface FolderWriter {
  folder(path: ByteString): Promise<void>;
  /** Whole or not at all. Without `replace` it throws EEXIST when something is there. */
  file(
    path: ByteString,
    body: AsyncIterable<Uint8Array>,
    how: { mode: number; replace: boolean },
  ): Promise<void>;
  link(path: ByteString, target: ByteString, replace: boolean): Promise<void>;
  /** As it is on the disk; null when there is nothing. Throws InTheWay when a folder above it is none. */
  look(
    path: ByteString,
  ): Promise<{ kind: "file" | "folder" | "link" | "other"; size: number; target: ByteString } | null>;
  at(path: ByteString): Buffer;
}

export function createFolderWriter(root: string): FolderWriter {
  const at = (path: ByteString) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, "latin1")]);
  /** Checked again for every entry: a link that appeared in between must not be written through. */
  const parents = async (path: ByteString, make: boolean): Promise<boolean> => {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join("/");
      if (!(await ensureFolder(at(parent), parent, make))) return false;
    }
    return true;
  };
  /** Made beside its place under a name nobody can foresee, then moved in one step. */
  const place = async (path: ByteString, replace: boolean, make: (to: Buffer) => Promise<void>) => {
    await parents(path, true);
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    const temporary = at(`${folder}.agency-${randomBytes(8).toString("hex")}`);
    try {
      await make(temporary);
      if (replace) await rename(temporary, at(path));
      else await link(temporary, at(path));
    } finally {
      await unlink(temporary).catch(() => {});
    }
  };
  return {
    at,
    folder: async (path) => {
      await parents(path, true);
      await ensureFolder(at(path), path, true);
    },
    file: (path, body, { mode, replace }) =>
      place(path, replace, async (to) => {
        const file = await open(to, NEW_FILE, 0o600);
        try {
          for await (const bytes of body) await file.writeFile(bytes);
          await file.chmod(mode);
        } finally {
          await file.close();
        }
      }),
    // Hard links to links are not to be had everywhere; symlink itself refuses what is there.
    link: async (path, target, replace) => {
      if (replace) return place(path, true, (to) => symlink(Buffer.from(target, "latin1"), to));
      await parents(path, true);
      await symlink(Buffer.from(target, "latin1"), at(path));
    },
    look: async (path) => ((await parents(path, false)) ? lookAt(at(path)) : null),
  };
}

async function ensureFolder(path: Buffer, name: ByteString, make: boolean): Promise<boolean> {
  const there = await lookAt(path);
  if (there?.kind === "folder") return true;
  if (there !== null) throw new InTheWay(`${shownPath(name)} is not a folder`);
  if (make) await mkdir(path, 0o755);
  return make;
}

async function lookAt(path: Buffer) {
  try {
    const stats = await lstat(path);
    const { size } = stats;
    if (stats.isSymbolicLink()) {
      return { kind: "link", size, target: await readlink(path, "latin1") } as const;
    }
    const kind = stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
    return { kind, size, target: "" } as const;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
