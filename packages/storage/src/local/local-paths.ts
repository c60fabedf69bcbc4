import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AgencyError } from "@agency/contract";
import { checkedKey } from "../checked-request.ts";
import { codeOf } from "./disk-error.ts";

export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/**
 * No key part holds a `+` or a `~`. Folders end in `+`, so that the object `a` and the folder of `a/b` live
 * side by side; `~work` holds what is being written or removed.
 */
export interface LocalPaths {
  readonly root: string;
  readonly work: string;
  object(key: string): { folder: string; file: string };
  folder(prefix: string): string;
}

export function localPaths(root: string): LocalPaths {
  const folder = (parts: readonly string[]) => join(root, ...parts.map((part) => `${part}+`));
  return {
    root,
    work: join(root, "~work"),
    object(key) {
      const parts = checkedKey(key).split("/");
      const inside = folder(parts.slice(0, -1));
      return { folder: inside, file: join(inside, ...parts.slice(-1)) };
    },
    folder: (prefix) => folder(checkedKey(prefix).split("/")),
  };
}

/** We make no links. One on the way to `folder` was put there to lead somewhere else. */
export async function refuseLinks({ root }: LocalPaths, folder: string): Promise<void> {
  for (let path = folder; path.length > root.length; path = dirname(path)) {
    const found = await lstat(path).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    });
    if (found?.isSymbolicLink() !== true) continue;
    throw new AgencyError("unavailable", `${path} is a link: the storage folder may hold none.`, {
      next: "Find out who made it, then remove it.",
    });
  }
}
