export interface ReadLimits {
  readonly lines: number;
  readonly bytes: number;
}

/** Whole lines, each with its newline. */
export interface LineBlock {
  /** Valid until the next block is taken: it is a view of a buffer that is used again. */
  readonly bytes: Buffer;
  readonly count: number;
}

interface Pending {
  readonly number: number;
  readonly json: string;
  readonly bytes: number;
}

const NEWLINE = 0x0a;

/** Numbered lines that are not on disk yet. As strings: cheap to throw away, unlike thousands of small buffers. */
export class PendingLines {
  #entries: Pending[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of the oldest line; null when there is none. */
  get first(): number | null {
    return this.#entries[0]?.number ?? null;
  }

  push(number: number, json: string): void {
    const bytes = Buffer.byteLength(json) + 1;
    this.#entries.push({ number, json, bytes });
    this.#bytes += bytes;
  }

  /** Lines from `number` on, written into the buffer; at least one, however long. They stay until `drop`. */
  read(number: number, most: ReadLimits, buffer: { ofSize(bytes: number): Buffer }): LineBlock {
    const start = this.#entries.findIndex((entry) => entry.number === number);
    const { count, bytes } = this.#measure(start, most);
    const into = buffer.ofSize(bytes).subarray(0, bytes);
    let at = 0;
    for (let index = start; index < start + count; index += 1) {
      at += into.write(this.#entries[index]?.json ?? "", at);
      into[at] = NEWLINE;
      at += 1;
    }
    return { bytes: into, count };
  }

  drop(upTo: number): void {
    let count = 0;
    for (const entry of this.#entries) {
      if (entry.number > upTo) break;
      this.#bytes -= entry.bytes;
      count += 1;
    }
    this.#entries.splice(0, count);
  }

  #measure(start: number, most: ReadLimits): { count: number; bytes: number } {
    let count = 0;
    let bytes = 0;
    while (count < most.lines) {
      const next = this.#entries[start + count]?.bytes;
      if (next === undefined || (count > 0 && bytes + next > most.bytes)) break;
      bytes += next;
      count += 1;
    }
    return { count, bytes };
  }
}
