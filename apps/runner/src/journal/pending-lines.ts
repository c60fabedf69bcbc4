export interface ReadLimits {
  readonly lines: number;
  readonly bytes: number;
}

/** Whole lines, each with its newline. */
export interface LineBlock {
  /** Valid until the next read: it is a view of a buffer that is used again. */
  readonly bytes: Buffer;
  readonly count: number;
}

interface Pending {
  readonly number: number;
  readonly json: string;
  readonly bytes: number;
}

export interface TextBlock {
  readonly first: number;
  readonly text: string;
  readonly count: number;
}

/** Numbered lines that are not on disk yet. As strings: cheap to throw away, unlike thousands of small buffers. */
export class PendingLines {
  #entries: Pending[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(number: number, json: string): void {
    const bytes = Buffer.byteLength(json) + 1;
    this.#entries.push({ number, json, bytes });
    this.#bytes += bytes;
  }

  /** The oldest lines, up to about `bytes`; they stay until `drop`. */
  oldest(bytes: number): TextBlock | null {
    const first = this.#entries[0];
    return first ? this.#from(0, first.number, { lines: Number.POSITIVE_INFINITY, bytes }) : null;
  }

  read(number: number, most: ReadLimits): LineBlock {
    const start = this.#entries.findIndex((entry) => entry.number === number);
    if (start === -1) return { bytes: Buffer.alloc(0), count: 0 };
    const { text, count } = this.#from(start, number, most);
    return { bytes: Buffer.from(text), count };
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

  #from(start: number, first: number, most: ReadLimits): TextBlock {
    let text = "";
    let bytes = 0;
    let count = 0;
    for (const entry of this.#entries.slice(start, start + most.lines)) {
      if (count > 0 && bytes + entry.bytes > most.bytes) break;
      text += `${entry.json}\n`;
      bytes += entry.bytes;
      count += 1;
    }
    return { first, text, count };
  }
}
