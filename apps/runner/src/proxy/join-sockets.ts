import type { Duplex } from "node:stream";

/** Bytes both ways as they come. Each end's half-close is passed on; an end that broke takes the other with it. */
export function joinSockets(inside: Duplex, outside: Duplex): void {
  inside.once("close", () => follow(inside, outside));
  outside.once("close", () => follow(outside, inside));
  inside.pipe(outside);
  outside.pipe(inside);
}

function follow(closed: Duplex, other: Duplex): void {
  // What is still on its way to the other end must arrive: closing now would cut off the last bytes.
  if (closed.readableEnded && !other.writableFinished) other.once("finish", () => other.destroy());
  else other.destroy();
}
