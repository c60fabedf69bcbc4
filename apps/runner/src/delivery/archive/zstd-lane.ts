import { constants, createZstdCompress } from "node:zlib";

const LEVEL = 1;

/**
 * A room for bytes, and a compressor that makes one zstd frame of what lies in it, again and again. One of each for
 * all frames: made anew for each they are memory outside the heap, for which V8 marks the whole heap every few frames.
 */
export class ZstdLane {
  readonly room: Buffer;
  readonly #compressor;
  #parts: Buffer[] = [];

  constructor(roomBytes: number) {
    this.room = Buffer.allocUnsafe(roomBytes);
    this.#compressor = createZstdCompress({
      // Every write is a frame.
      flush: constants.ZSTD_e_end,
      // At zlib's own 16 KiB each part waits for the main thread, and all take 1.4 times as long.
      chunkSize: roomBytes,
      params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
    });
    this.#compressor.on("data", (part: Buffer) => this.#parts.push(part));
    // Told to whoever waits for the frame.
    this.#compressor.on("error", () => undefined);
  }

  /** The parts of the frame that the first so many bytes make. The room is taken until then. */
  compress(bytes: number): Promise<Buffer[]> {
    return new Promise((resolve, reject) => {
      this.#compressor.write(this.room.subarray(0, bytes), (error) => {
        const parts = this.#parts;
        this.#parts = [];
        if (error) reject(error);
        else resolve(parts);
      });
    });
  }

  close(): void {
    this.#compressor.destroy();
  }
}
