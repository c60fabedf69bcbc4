import { BadObjectError } from "./pack-object.ts";

const COPY = 0x80;
/** A size of nothing stands for it. */
const USUAL_COPY = 0x10000;

/** Some 40 ms; what git makes of 16 MiB of text has a tenth of them. */
const MAX_STEPS = 200_000;

/** What git's `delta` makes of `base`: pieces of it, and bytes of its own. Throws at the first thing that is not so. */
export function applyDelta(base: Buffer, delta: Buffer, mostBytes: number): Buffer {
  const from = numberAt(delta, 0);
  const to = numberAt(delta, from.end);
  if (from.value !== base.length) throw new BadObjectError("is a change of something else");
  if (to.value > mostBytes) throw new BadObjectError("makes more than is unpacked here");
  const made = Buffer.alloc(to.value);
  let filled = 0;
  let steps = 0;
  for (let at = to.end; at < delta.length;) {
    if (++steps > MAX_STEPS) throw new BadObjectError("is a change in too many places");
    const step = (delta[at] ?? 0) & COPY ? copyAt(base, delta, at) : insertAt(delta, at);
    if (filled + step.bytes.length > made.length) throw new BadObjectError("makes more than it says");
    made.set(step.bytes, filled);
    filled += step.bytes.length;
    at = step.end;
  }
  if (filled < made.length) throw new BadObjectError("makes less than it says");
  return made;
}

interface Step {
  bytes: Buffer;
  end: number;
}

/** The low bits say which bytes of place (four) and size (three) follow. */
function copyAt(base: Buffer, delta: Buffer, at: number): Step {
  const told = delta[at] ?? 0;
  let end = at + 1;
  const numberOf = (bits: readonly number[]): number =>
    bits.reduce((sum, bit, place) => sum + (told & (1 << bit) ? byteAt(delta, end++) * 256 ** place : 0), 0);
  const start = numberOf([0, 1, 2, 3]);
  const size = numberOf([4, 5, 6]) || USUAL_COPY;
  if (start + size > base.length) throw new BadObjectError("copies from outside");
  return { bytes: base.subarray(start, start + size), end };
}

function insertAt(delta: Buffer, at: number): Step {
  const size = delta[at] ?? 0;
  const end = at + 1 + size;
  if (size === 0 || end > delta.length) throw new BadObjectError("is no change of another");
  return { bytes: delta.subarray(at + 1, end), end };
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
