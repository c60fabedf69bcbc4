import { BadObjectError, TooLargeError } from "./pack-object.ts";

const COPY = 0x80;
/** A size of nothing stands for it. */
const USUAL_COPY = 0x10000;

const WORTH = [1, 256, 256 ** 2, 256 ** 3] as const;

/** What may still be made of one object, and of all that it is made from. */
export interface Allowance {
  bytes: number;
  steps: number;
}

/**
 * What git's `delta` makes of `base`: pieces of it, and bytes of its own. Throws at the first thing that is not so, or
 * when more than `left` is asked for, and takes from that what it needed.
 */
export function applyDelta(base: Buffer, delta: Buffer, left: Allowance): Buffer {
  const from = numberAt(delta, 0);
  const to = numberAt(delta, from.end);
  if (from.value !== base.length) throw new BadObjectError("is a change of something else");
  if (to.value > left.bytes) throw new TooLargeError();
  left.bytes -= to.value;
  const made = Buffer.alloc(to.value);
  let filled = 0;
  for (let at = to.end; at < delta.length;) {
    if (left.steps <= 0) throw new TooLargeError();
    left.steps -= 1;
    const step = (delta[at] ?? 0) & COPY ? copyAt(base, delta, at) : insertAt(delta, at);
    if (filled + step.size > made.length) throw new BadObjectError("makes more than it says");
    filled += step.of.copy(made, filled, step.start, step.start + step.size);
    at = step.end;
  }
  if (filled < made.length) throw new BadObjectError("makes less than it says");
  return made;
}

interface Step {
  of: Buffer;
  start: number;
  size: number;
  end: number;
}

/** The low bits say which bytes of place (four) and size (three) follow. */
function copyAt(base: Buffer, delta: Buffer, at: number): Step {
  const told = delta[at] ?? 0;
  let end = at + 1;
  let start = 0;
  let size = 0;
  for (let bit = 0; bit < 7; bit += 1) {
    if ((told & (1 << bit)) === 0) continue;
    const part = byteAt(delta, end++) * (WORTH[bit % 4] ?? 0);
    if (bit < 4) start += part;
    else size += part;
  }
  size ||= USUAL_COPY;
  if (start + size > base.length) throw new BadObjectError("copies from outside");
  return { of: base, start, size, end };
}

function insertAt(delta: Buffer, at: number): Step {
  const size = delta[at] ?? 0;
  const end = at + 1 + size;
  if (size === 0 || end > delta.length) throw new BadObjectError("is no change of another");
  return { of: delta, start: at + 1, size, end };
}

/** Little end first, seven bits at a time. */
function numberAt(delta: Buffer, from: number): { value: number; end: number } {
  let value = 0;
  for (let at = from; at < from + 7; at += 1) {
    const byte = byteAt(delta, at);
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if ((byte & 0x80) === 0) return { value, end: at + 1 };
  }
  throw new BadObjectError("is no change of another");
}

function byteAt(delta: Buffer, at: number): number {
  const byte = delta[at];
  if (byte === undefined) throw new BadObjectError("ends too early");
  return byte;
}
