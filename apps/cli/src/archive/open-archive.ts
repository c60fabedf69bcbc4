import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import type { Readable } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { ArchiveError } from "./archive-error.ts";
import { readTar } from "./read-tar.ts";
import type { TarEntry } from "./read-tar.ts";

const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** The entries of a tar or tar.zst on this disk. */
export async function* openArchive(path: string): AsyncGenerator<TarEntry> {
  const bytes = createReadStream(path);
  try {
    yield* readTar((await isZstd(path)) ? decompressed(bytes) : bytes);
  } finally {
    bytes.destroy();
  }
}

/** Not by `compose`: at times it loses the error of an archive that ends too soon, and whoever reads waits for ever. */
async function* decompressed(bytes: Readable): AsyncGenerator<Uint8Array> {
  try {
    // What goes wrong is told to whoever reads.
    yield* pipeline(bytes, createZstdDecompress(), () => undefined);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (/^(ZSTD_|Z_)/.test(code)) throw new ArchiveError("its compression is damaged", { cause: error });
    throw error;
  }
}

async function isZstd(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.equals(ZSTD_MAGIC);
  } finally {
    await file.close();
  }
}
