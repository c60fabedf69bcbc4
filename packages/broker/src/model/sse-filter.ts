export interface SseFilter {
  push(chunk: Uint8Array): Uint8Array;
  /** What is left of an unfinished event. */
  end(): Uint8Array;
}

/** Longer events are let through as they come. */
const MAX_EVENT_BYTES = 1024 * 1024;
const NEWLINE = 10;
const RETURN = 13;

/**
 * Leaves whole events out of a stream. Holds back no more than the event that has not ended yet: nobody could
 * read it before its end either.
 */
export function createSseFilter(isUnwanted: (event: string) => boolean): SseFilter {
  const decoder = new TextDecoder();
  let held: Uint8Array = new Uint8Array();

  return {
    push(chunk) {
      const all = held.length === 0 ? chunk : join([held, chunk]);
      const kept: Uint8Array[] = [];
      let from = 0;
      for (let end = endOfEvent(all, from); end !== -1; end = endOfEvent(all, from)) {
        const event = all.subarray(from, end);
        if (!isUnwanted(decoder.decode(event))) kept.push(event);
        from = end;
      }
      held = all.subarray(from);
      if (held.length > MAX_EVENT_BYTES) {
        kept.push(held);
        held = new Uint8Array();
      }
      return join(kept);
    },
    end() {
      const rest = held;
      held = new Uint8Array();
      return rest;
    },
  };
}

/** Behind the empty line that ends an event, whose lines end in `\n` or `\r\n`. */
function endOfEvent(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(NEWLINE, from); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
    if (bytes[at + 1] === NEWLINE) return at + 2;
    if (bytes[at + 1] === RETURN && bytes[at + 2] === NEWLINE) return at + 3;
  }
  return -1;
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  return Buffer.concat(pieces);
}
