import { characterEnd } from "../shared/cap-text.ts";

/** A line, or a piece of one that is longer than the limit. */
export interface Line {
  text: string;
  /** The beginning of the line: only there can it say what the line is. */
  isStart: boolean;
  /** The line goes on in the next piece. */
  goesOn: boolean;
}

/** Lines with the prefix may be longer: one holds a whole event, which is of no use in pieces. */
export interface LineLimits {
  maxBytes: number;
  prefix: string;
  maxPrefixedBytes: number;
}

/** Cuts a stream of bytes into lines. Holds at most one piece, however long a line is, and takes any bytes. */
export interface LineSplitter {
  push(chunk: Uint8Array): Line[];
  /** What is left when the stream ends without a newline. */
  flush(): Line[];
}

const NEWLINE = 10;

export function createLineSplitter({ maxBytes, prefix, maxPrefixedBytes }: LineLimits): LineSplitter {
  const start = Buffer.from(prefix);
  let held = Buffer.alloc(0);
  let isStart = true;

  function* overlong(): Generator<Line> {
    const isPrefixed = isStart && held.subarray(0, start.length).equals(start);
    const limit = isPrefixed ? maxPrefixedBytes : maxBytes;
    if (held.length <= limit) return;
    for (let from = 0; held.length > 0;) {
      const size = characterEnd(held.subarray(from), maxBytes);
      if (from + size >= held.length) {
        held = held.subarray(from);
        return;
      }
      yield { text: held.toString("utf8", from, from + size), isStart, goesOn: true };
      isStart = false;
      from += size;
    }
  }

  function* lines(chunk: Uint8Array): Generator<Line> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      held = Buffer.concat([held, chunk.subarray(from, at)]);
      yield* overlong();
      yield { text: held.toString("utf8"), isStart, goesOn: false };
      held = Buffer.alloc(0);
      isStart = true;
      from = at + 1;
    }
    held = Buffer.concat([held, chunk.subarray(from)]);
    yield* overlong();
  }

  return {
    push: (chunk) => [...lines(chunk)],
    flush: () => (held.length === 0 ? [] : [{ text: held.toString("utf8"), isStart, goesOn: false }]),
  };
}
