import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { CHECKPOINT_ENTRIES } from "@agency/contract";
import type { CheckpointManifest } from "@agency/contract";
import type { LocalSession } from "./local-session.ts";

const BLOCK = 512;
const zipped = promisify(gzip);

/** A file in the form of a checkpoint, with its hash. */
export async function packUpload(
  file: string,
  bundle: string,
  session: Pick<LocalSession, "sessionId" | "engineVersion" | "files"> | null,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const piece of entries(bundle, session)) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  }
  await pipeline(
    Readable.from(counted(), { objectMode: false }),
    createWriteStream(file, { flags: "wx", mode: 0o600 }),
  );
  return { bytes, sha256: hash.digest("hex") };
}

async function* entries(
  bundle: string,
  session: Pick<LocalSession, "sessionId" | "engineVersion" | "files"> | null,
): AsyncGenerator<Buffer> {
  const files = session?.files ?? [];
  const manifest: CheckpointManifest = {
    v: 1,
    session: session && { ...session, files: files.map(({ path }) => path) },
  };
  yield* entry(CHECKPOINT_ENTRIES.manifest, Buffer.from(JSON.stringify(manifest)));
  const { size } = await stat(bundle);
  yield header(CHECKPOINT_ENTRIES.bundle, size);
  yield* createReadStream(bundle) as AsyncIterable<Buffer>;
  yield padding(size);
  for (const [at, file] of files.entries())
    yield* entry(CHECKPOINT_ENTRIES.session(at), await zipped(file.bytes, { level: 6 }));
  yield Buffer.alloc(2 * BLOCK);
}

function* entry(name: string, bytes: Buffer): Generator<Buffer> {
  yield header(name, bytes.length);
  yield bytes;
  yield padding(bytes.length);
}

const padding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

/** To the byte as a runner writes it: others are refused there. */
function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, "ascii");
  block.write("0000644\0".concat("0000000\0".repeat(2)), 100, "ascii");
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124, "ascii");
  block.write(`${"0".repeat(11)}\0`, 136, "ascii");
  block.write("        0", 148, "ascii");
  block.write("ustar\u000000", 257, "ascii");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "ascii");
  return block;
}
