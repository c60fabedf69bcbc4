const USUAL_BYTES = 512 * 1024;

/** One buffer for block after block: a new one for each would outrun the garbage collector. */
export class BlockBuffer {
  #bytes: Buffer | null = null;

  /** At least this large. A large one is kept only until something usual is asked for again. */
  ofSize(bytes: number): Buffer {
    const size = Math.max(bytes, USUAL_BYTES);
    if (this.#bytes === null || this.#bytes.length !== size) this.#bytes = Buffer.allocUnsafeSlow(size);
    return this.#bytes;
  }
}
