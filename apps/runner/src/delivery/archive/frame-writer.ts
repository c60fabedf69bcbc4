import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { constants, zstdCompress } from "node:zlib";

const LEVEL = 1;
/** Large enough to compress as well as one stream does, small enough that one file costs little to give out. */
export const FRAME_BYTES = 1024 * 1024;
/** Compressed at once on the threads of the pool; more only costs memory. */
const MOST_AT_ONCE = 3;

/** A place in the archive, known once its frames are written. */
export interface Span {
  offset: number;
  length: number;
  skip: number;
}

/** Compresses bytes into zstd frames of about a mebibyte, so that each can be decompressed without the others. */
export class FrameWriter {
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");
  readonly #inFlight: { frame: Promise<Buffer>; spans: Set<Span>; room: Buffer }[] = [];
  readonly #free: Buffer[] = [];
  #room = newRoom();
  #size = 0;
  #spans = new Set<Span>();
  #written = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The content that comes next, in this frame or in a few. */
  begin(): Span {
    return { offset: 0, length: 0, skip: this.#size };
  }

  /** So many bytes, at most a frame's, lie in one frame; whoever knows them puts them there. */
  async fill(bytes: number, put: (into: Buffer) => void, span?: Span): Promise<void> {
    if (bytes === 0) return;
    if (bytes > FRAME_BYTES) throw new RangeError(`${bytes} bytes do not fit into a frame.`);
    put(this.#room.subarray(this.#size, this.#size + bytes));
    this.#size += bytes;
    if (span !== undefined) this.#spans.add(span);
    if (this.#size >= FRAME_BYTES) await this.cut();
  }

  /** Ends the open frame. */
  async cut(): Promise<void> {
    if (this.#size === 0) return;
    const frame = compress(this.#room.subarray(0, this.#size));
    // Awaited in its turn; until then a failure must not count as unhandled.
    frame.catch(() => undefined);
    this.#inFlight.push({ frame, spans: this.#spans, room: this.#room });
    this.#spans = new Set();
    this.#size = 0;
    while (this.#inFlight.length >= MOST_AT_ONCE) await this.#settle();
    this.#room = this.#free.pop() ?? newRoom();
  }

  async end(): Promise<{ bytes: number; sha256: string }> {
    await this.cut();
    while (this.#inFlight.length > 0) await this.#settle();
    return { bytes: this.#written, sha256: this.#hash.digest("hex") };
  }

  async #settle(): Promise<void> {
    const next = this.#inFlight.shift();
    if (next === undefined) return;
    const frame = await next.frame;
    this.#free.push(next.room);
    for (const span of next.spans) {
      if (span.length === 0) span.offset = this.#written;
      span.length += frame.length;
    }
    await writeAll(this.#file, frame);
    this.#hash.update(frame);
    this.#written += frame.length;
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

/** An open frame is cut before it is full, so that one more piece of a frame's size always fits. */
function newRoom(): Buffer {
  return Buffer.allocUnsafe(2 * FRAME_BYTES);
}

function compress(bytes: Buffer): Promise<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL };
  // The whole frame in one go: at zlib's own 16 KiB each piece waits for the main thread, and all take 1.4 times as long.
  const chunkSize = bytes.length + (bytes.length >> 8) + 1024;
  return new Promise((resolve, reject) => {
    zstdCompress(bytes, { params, chunkSize }, (error, frame) =>
      error === null ? resolve(frame) : reject(error),
    );
  });
}
