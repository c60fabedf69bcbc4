const USUAL_BYTES = 512 * 1024;

/** One buffer for all reading: half a megabyte for each batch would outrun the garbage collector. */
export class ReadBuffer {
  #bytes: Buffer | null = null;

  /** At least this large. A large one is kept only until something usual is read again. */
  ofSize(bytes: number): Buffer {
    const size = Math.max(bytes, USUAL_BYTES);
    if (this.#bytes === null || this.#bytes.length !== size) this.#bytes = Buffer.allocUnsafeSlow(size);
    return this.#bytes;
  }
}
