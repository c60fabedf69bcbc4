import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { CHECKPOINT_ENTRIES, checkpointManifestSchema } from "@agency/contract";
import type { CheckpointManifest } from "@agency/contract";
import { ArchiveError } from "../archive/archive-error.ts";
import { openArchive } from "../archive/open-archive.ts";
import type { TarEntry } from "../archive/read-tar.ts";

const MIB = 1024 * 1024;
const MOST = { manifest: 4 * MIB, session: 128 * MIB };

export interface SavedSession {
  sessionId: string;
  files: { path: string; bytes: Buffer }[];
}

const unpacked = promisify(gunzip);

/**
 * The engine's memory in a checkpoint; null when it holds none. It was made in a sandbox: names are not judged here,
 * sizes are. Throws ArchiveError for what no runner makes.
 */
export async function readSession(path: string): Promise<SavedSession | null> {
  let manifest: CheckpointManifest | null = null;
  const found = new Map<string, Buffer>();
  let room = MOST.session;
  for await (const entry of openArchive(path)) {
    if (entry.kind !== "file") throw new ArchiveError(`it holds a ${entry.kind}`);
    if (entry.name === CHECKPOINT_ENTRIES.manifest) manifest = await readManifest(entry);
    if (!entry.name.startsWith("session/") || found.has(entry.name)) continue;
    const bytes = await unzipped(entry, room);
    room -= bytes.length;
    found.set(entry.name, bytes);
  }
  if (manifest === null) throw new ArchiveError(`it holds no ${CHECKPOINT_ENTRIES.manifest}`);
  if (manifest.session === null) return null;
  const { sessionId, files } = manifest.session;
  return {
    sessionId,
    files: files.map((name, at) => {
      const bytes = found.get(CHECKPOINT_ENTRIES.session(at));
      if (bytes === undefined) throw new ArchiveError("a file of the session is missing");
      return { path: name, bytes };
    }),
  };
}

/** The git bundle in a checkpoint, as a file of its own. */
export async function extractBundle(path: string, to: string): Promise<void> {
  for await (const { name, kind, body } of openArchive(path)) {
    if (name === CHECKPOINT_ENTRIES.bundle && kind === "file")
      return pipeline(body, createWriteStream(to, { mode: 0o600 }));
  }
  throw new ArchiveError(`it holds no ${CHECKPOINT_ENTRIES.bundle}`);
}

async function readManifest(entry: TarEntry): Promise<CheckpointManifest> {
  const bytes = await whole(entry, MOST.manifest);
  try {
    return checkpointManifestSchema.parse(JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    throw new ArchiveError(`its ${CHECKPOINT_ENTRIES.manifest} cannot be read`, { cause: error });
  }
}

async function unzipped(entry: TarEntry, room: number): Promise<Buffer> {
  const zipped = await whole(entry, room);
  try {
    return await unpacked(zipped, { maxOutputLength: Math.max(1, room) });
  } catch (error) {
    throw new ArchiveError("a file of the session is damaged or too large", { cause: error });
  }
}

async function whole({ size, body }: TarEntry, most: number): Promise<Buffer> {
  if (size > most) throw new ArchiveError("the session in it is larger than any may be");
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
