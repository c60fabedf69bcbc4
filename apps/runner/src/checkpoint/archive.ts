import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { CHECKPOINT_ENTRIES, checkpointManifestSchema } from "@agency/contract";
import type { CheckpointManifest } from "@agency/contract";
import type { SessionBundle } from "@agency/core";
import type { Bundle } from "./pack-snapshot.ts";
import { listTar, TAR_END, tarHeader, tarPadding } from "./tar.ts";
import type { TarEntry } from "./tar.ts";

/** The bundle is of refs/agency/checkpoint, and of refs/agency/head and refs/agency/base where needed. */
const { manifest: MANIFEST, files: FILES, bundle: BUNDLE, session: SESSION } = CHECKPOINT_ENTRIES;
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_SESSION_FILE_BYTES = 256 * 1024 * 1024;

export interface Packed {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

const packed = promisify(gzip);
const unpacked = promisify(gunzip);

export interface ArchiveParts {
  readonly bundle: Pick<Bundle, "header" | "pack" | "bytes">;
  /** The list of its files; null: there is none. */
  readonly files: Buffer | null;
  readonly session: SessionBundle | null;
}

/** Writes the archive and reckons its hash on the way. */
export async function packArchive(file: string, parts: ArchiveParts, signal: AbortSignal): Promise<Packed> {
  const hash = createHash("sha256");
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of archive(parts)) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  await pipeline(Readable.from(counted(), { objectMode: false }), createWriteStream(file, { mode: 0o600 }), {
    signal,
  });
  return { file, bytes, sha256: hash.digest("hex") };
}

async function* archive({ bundle, files, session }: ArchiveParts): AsyncGenerator<Buffer> {
  const about = session && { ...session, files: session.files.map(({ path }) => path) };
  const manifest: CheckpointManifest = { v: 1, session: about };
  yield* entry(MANIFEST, Buffer.from(JSON.stringify(manifest)));
  // Here, so that who reads the list needs no more than the beginning.
  if (files !== null) yield* entry(FILES, files);
  const { header, pack, bytes: size } = bundle;
  yield tarHeader(BUNDLE, size);
  yield header;
  // The size is in the header already: not a byte more than it says.
  yield* createReadStream(pack, { end: size - header.length - 1 }) as AsyncIterable<Buffer>;
  yield tarPadding(size);
  for (const [at, { bytes }] of (session?.files ?? []).entries())
    yield* entry(SESSION(at), await packed(bytes, { level: 1 }));
  yield TAR_END;
}

function* entry(name: string, bytes: Buffer): Generator<Buffer> {
  yield tarHeader(name, bytes.length);
  yield bytes;
  yield tarPadding(bytes.length);
}

export interface Unpacked {
  readonly session: SessionBundle | null;
}

/** Takes the bundle out into a file of its own, and the session into memory. */
export async function unpackArchive(file: string, bundle: string): Promise<Unpacked> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const entries = await listTar((from, bytes) => readAt(handle, from, bytes), size);
    const find = (name: string): TarEntry => {
      const found = entries.find((one) => one.name === name);
      if (found === undefined) throw new Error(`The checkpoint has no ${name}.`);
      return found;
    };
    const about = checkpointManifestSchema.parse(
      JSON.parse((await whole(handle, find(MANIFEST), MAX_MANIFEST_BYTES)).toString()),
    );
    const { start, bytes } = find(BUNDLE);
    const body = createReadStream(
      file,
      bytes === 0 ? { start, end: start } : { start, end: start + bytes - 1 },
    );
    await pipeline(body, createWriteStream(bundle, { mode: 0o600 }));
    if (about.session === null) return { session: null };
    const files: SessionBundle["files"] = [];
    for (const [at, path] of about.session.files.entries()) {
      const zipped = await whole(handle, find(SESSION(at)), MAX_SESSION_FILE_BYTES);
      files.push({ path, bytes: await unpacked(zipped, { maxOutputLength: MAX_SESSION_FILE_BYTES }) });
    }
    return { session: { ...about.session, files } };
  } finally {
    await handle.close();
  }
}

async function whole(handle: FileHandle, { name, start, bytes }: TarEntry, most: number): Promise<Buffer> {
  if (bytes > most) throw new Error(`${name} of the checkpoint is larger than it can be.`);
  return readAt(handle, start, bytes);
}

async function readAt(handle: FileHandle, from: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, from);
  if (bytesRead < bytes) throw new Error("The checkpoint is cut short.");
  return buffer;
}
