import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { ZstdLane } from "./zstd-lane.ts";

/** Large enough to compress as well as one stream does, small enough that one file costs little to give out. */
export const FRAME_BYTES = 1024 * 1024;
/** Compressed at once on the threads of the pool; more only costs memory. */
const LANES = 3;

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
  /** Taken in turn: the one that is next has been busy the longest. */
  readonly #lanes: ZstdLane[] = [];
  readonly #inFlight: { frame: Promise<Buffer[]>; spans: Set<Span> }[] = [];
  #turn = 0;
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
    put(this.#lane().room.subarray(this.#size, this.#size + bytes));
    this.#size += bytes;
    if (span !== undefined) this.#spans.add(span);
    if (this.#size >= FRAME_BYTES) await this.cut();
  }

  /** Ends the open frame. */
  async cut(): Promise<void> {
    if (this.#size === 0) return;
    const frame = this.#lane().compress(this.#size);
    // Awaited in its turn; until then a failure must not count as unhandled.
    frame.catch(() => undefined);
    this.#inFlight.push({ frame, spans: this.#spans });
    this.#spans = new Set();
    this.#size = 0;
    this.#turn = (this.#turn + 1) % LANES;
    if (this.#inFlight.length === LANES) await this.#settle();
  }

  async end(): Promise<{ bytes: number; sha256: string }> {
    await this.cut();
    while (this.#inFlight.length > 0) await this.#settle();
    return { bytes: this.#written, sha256: this.#hash.digest("hex") };
  }

  /** Whether or not it has ended. */
  close(): void {
    for (const lane of this.#lanes) lane.close();
  }

  /** An open frame is cut before it is full, so that one more piece of a frame's size always fits. */
  #lane(): ZstdLane {
    return (this.#lanes[this.#turn] ??= new ZstdLane(2 * FRAME_BYTES));
  }

  async #settle(): Promise<void> {
    const next = this.#inFlight.shift();
    if (next === undefined) return;
    const parts = await next.frame;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    for (const span of next.spans) {
      if (span.length === 0) span.offset = this.#written;
      span.length += length;
    }
    for (const part of parts) {
      await writeAll(this.#file, part);
      this.#hash.update(part);
    }
    this.#written += length;
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}
