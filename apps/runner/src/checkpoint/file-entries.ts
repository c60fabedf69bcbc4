import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readlinkSync } from "node:fs";
import { MAX_PATH_BYTES } from "@agency/contract";
import type { CheckpointListEntry } from "@agency/contract";

/** 200,000 files with paths of 100 characters. */
export const MAX_LISTING_BYTES = 32 * 1024 * 1024;
export const MAX_LINKS = 10_000;
export const NESTED = "160000";
const LINK = "120000";

export type Standing = Exclude<CheckpointListEntry, { change: "deleted" }>;

export interface Links {
  left: number;
  readonly workspace: string;
}

/** Null: it is a repository of its own, or nothing a path can lead to. */
export function standing(
  path: Buffer,
  mode: string,
  object: string,
  bytes: number | undefined,
  links: Links,
): Standing | null {
  if (mode === NESTED || path.length > MAX_PATH_BYTES) return null;
  const plain = { kind: "file", mode: Number.parseInt(mode, 8) & 0o777 } as const;
  return {
    ...nameOf(path),
    ...(mode === LINK ? linkOf(path, object, links) : plain),
    ...(Number.isSafeInteger(bytes) ? { bytes } : {}),
    object,
  };
}

/** Two names that look the same when shown are two. */
export function keyOf({ path, pathBytes }: { path: string; pathBytes?: string | undefined }): string {
  return pathBytes === undefined ? path : `\0${pathBytes}`;
}

export function nameOf(path: Buffer): { path: string; pathBytes?: string } {
  return isUtf8(path)
    ? { path: path.toString() }
    : { path: path.toString(), pathBytes: path.toString("base64") };
}

/** From the workspace, where it may have changed since: taken only when it is what git has. */
function linkOf(path: Buffer, object: string, links: Links): { kind: "link"; mode: number; target?: string } {
  const link = { kind: "link", mode: 0o777 } as const;
  if (links.left === 0) return link;
  links.left -= 1;
  try {
    const target = readlinkSync(Buffer.concat([Buffer.from(`${links.workspace}/`), path]), "buffer");
    const hash = createHash(object.length === 64 ? "sha256" : "sha1");
    const name = hash.update(`blob ${target.length}\0`).update(target).digest("hex");
    return name === object && target.length <= MAX_PATH_BYTES ? { ...link, target: target.toString() } : link;
  } catch {
    return link;
  }
}
