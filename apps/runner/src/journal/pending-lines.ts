import type { LineBlock } from "./segment.ts";

export interface ReadLimits {
  readonly lines: number;
  readonly bytes: number;
}

interface Pending {
  readonly number: number;
  readonly line: Buffer;
}

export interface Block {
  readonly first: number;
  readonly lines: readonly Buffer[];
}

/** Numbered lines that are not on disk yet. */
export class PendingLines {
  #entries: Pending[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(number: number, line: Buffer): void {
    this.#entries.push({ number, line });
    this.#bytes += line.length;
  }

  /** The oldest lines, up to about `bytes`; they stay until `drop`. */
  oldest(bytes: number): Block | null {
    const first = this.#entries[0];
    return first
      ? { first: first.number, lines: this.#from(0, { lines: Number.POSITIVE_INFINITY, bytes }) }
      : null;
  }

  read(number: number, most: ReadLimits): LineBlock {
    const start = this.#entries.findIndex((entry) => entry.number === number);
    const lines = start === -1 ? [] : this.#from(start, most);
    return { bytes: Buffer.concat(lines), count: lines.length };
  }

  drop(upTo: number): void {
    let count = 0;
    for (const entry of this.#entries) {
      if (entry.number > upTo) break;
      this.#bytes -= entry.line.length;
      count += 1;
    }
    this.#entries.splice(0, count);
  }

  #from(start: number, most: ReadLimits): Buffer[] {
    const lines: Buffer[] = [];
    let bytes = 0;
    for (let at = start; at < this.#entries.length && lines.length < most.lines; at += 1) {
      const line = this.#entries[at]?.line ?? Buffer.alloc(0);
      if (lines.length > 0 && bytes + line.length > most.bytes) break;
      lines.push(line);
      bytes += line.length;
    }
    return lines;
  }
}
