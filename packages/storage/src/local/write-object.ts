import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DEFAULT_MEDIA_TYPE } from "@agency/core";
import type { StoredObject, WriteOptions } from "@agency/core";
import { checkedSource } from "../checked-source.ts";
import type { CheckedSource } from "../checked-source.ts";
import { codeOf, diskError } from "./disk-error.ts";
import type { DiskRoom, RoomTaken } from "./disk-room.ts";
import { FILE_MODE, FOLDER_MODE, refuseLinks } from "./local-paths.ts";
import type { LocalPaths } from "./local-paths.ts";
import { encodeHeader, HEADER_BYTES } from "./object-file.ts";

/** A folder can vanish between its making and the rename into it; each time is one `deletePrefix` of it. */
const RENAME_TRIES = 5;
const PIECE_BYTES = 1024 * 1024;

export async function writeObject(
  { paths, room }: { paths: LocalPaths; room: DiskRoom },
  key: string,
  body: AsyncIterable<Uint8Array>,
  options: WriteOptions,
): Promise<StoredObject> {
  const place = paths.object(key);
  const draft = join(paths.work, randomUUID());
  const source = checkedSource(key, body, options);
  const mediaType = options.mediaType ?? DEFAULT_MEDIA_TYPE;
  let taken: RoomTaken | null = null;
  try {
    taken = await room.take(key, options.bytes ?? 0);
    const at = await writeDraft(draft, source, { mediaType, room: taken, bytes: options.bytes ?? Infinity });
    await moveInto(paths, draft, place);
    const { bytes, sha256 } = source.result();
    return { key, bytes, etag: sha256, sha256, mediaType, at };
  } catch (error) {
    // The sweep takes what stays; the reason is in the first error, not in one of tidying up.
    await rm(draft, { force: true }).catch(() => undefined);
    const fault = source.fault();
    if (fault !== null) throw fault.error;
    throw diskError(error, `"${key}"`, paths.root);
  } finally {
    taken?.release();
  }
}

async function writeDraft(
  draft: string,
  source: CheckedSource,
  { mediaType, room, bytes }: { mediaType: string; room: RoomTaken; bytes: number },
): Promise<number> {
  await using handle = await open(draft, "wx", FILE_MODE);
  await handle.writeFile(new Uint8Array(HEADER_BYTES));
  await handle.writeFile(counted(inPieces(source.chunks(), Math.min(PIECE_BYTES, bytes)), room));
  const { sha256 } = source.result();
  await handle.write(encodeHeader({ sha256, mediaType }), 0, HEADER_BYTES, 0);
  await handle.sync();
  return Math.round((await handle.stat()).mtimeMs);
}

/**
 * A write is a round through another thread, whatever its size, and a connection gives 64 KiB at most: they are put
 * together. Each piece is written before the next is asked for, so that one buffer does for all.
 */
async function* inPieces(
  chunks: AsyncIterable<Uint8Array>,
  pieceBytes: number,
): AsyncGenerator<Uint8Array, void> {
  const piece = Buffer.allocUnsafe(pieceBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    if (filled + chunk.byteLength > pieceBytes) {
      if (filled > 0) yield piece.subarray(0, filled);
      filled = 0;
    }
    if (chunk.byteLength > pieceBytes) {
      yield chunk;
    } else {
      piece.set(chunk, filled);
      filled += chunk.byteLength;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** The one before is written when the next is asked for. */
async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  room: RoomTaken,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    yield chunk;
    room.used(chunk.byteLength);
  }
}

async function moveInto(
  paths: LocalPaths,
  draft: string,
  { folder, file }: { folder: string; file: string },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await refuseLinks(paths, folder);
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
    try {
      await syncFolder(folder);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
    if (folder === to) return;
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}
