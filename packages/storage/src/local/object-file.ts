import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { StoredObject } from "@agency/core";
import { damaged } from "../byte-stream.ts";
import type { ByteSource } from "../byte-stream.ts";
import { codeOf } from "./disk-error.ts";

/**
 * A file is a header of fixed size, then the bytes. What belongs together is in one file, so one rename
 * replaces both, and an open file is one whole object for as long as it is open.
 */
export const HEADER_BYTES = 512;
const MAGIC = "agency-object 1 ";
const CHUNK = 128 * 1024;

export interface Header {
  sha256: string;
  mediaType: string;
}

export function encodeHeader(header: Header): Uint8Array {
  return Buffer.from(`${`${MAGIC}${JSON.stringify(header)}`.padEnd(HEADER_BYTES - 1)}\n`, "latin1");
}

function decodeHeader(key: string, bytes: Uint8Array): Header {
  const text = Buffer.from(bytes).toString("latin1");
  const found = /^agency-object 1 \{"sha256":"([0-9a-f]{64})","mediaType":"([^"\\]+)"\} *\n$/.exec(text);
  const [, sha256, mediaType] = found ?? [];
  if (sha256 === undefined || mediaType === undefined) throw damaged(key);
  return { sha256, mediaType };
}

export interface OpenObject {
  object: StoredObject;
  handle: FileHandle;
}

/** The object as it is now, with its file open; null when there is none. */
export async function openObject(key: string, file: string): Promise<OpenObject | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    },
  );
  if (handle === null) return null;
  try {
    return { object: await describe(key, handle), handle };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function describe(key: string, handle: FileHandle): Promise<StoredObject> {
  const found = await handle.stat();
  if (!found.isFile()) throw damaged(key);
  const bytes = Buffer.alloc(HEADER_BYTES);
  await handle.read(bytes, 0, HEADER_BYTES, 0);
  const { sha256, mediaType } = decodeHeader(key, bytes);
  const at = Math.round(found.mtimeMs);
  return { key, bytes: found.size - HEADER_BYTES, etag: sha256, sha256, mediaType, at };
}

export function objectBytes(handle: FileHandle, { from, to }: { from: number; to: number }): ByteSource {
  let position = from;
  return {
    async next() {
      if (position >= to) return null;
      const wanted = Math.min(CHUNK, to - position);
      const { buffer, bytesRead } = await handle.read(
        new Uint8Array(wanted),
        0,
        wanted,
        position + HEADER_BYTES,
      );
      position += bytesRead;
      return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
    },
    close: () => handle.close(),
  };
}
