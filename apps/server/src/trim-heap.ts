import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;

/**
 * Starting leaves twice the heap that running needs: 53 MB, of which 25 are in use. V8 keeps it for as long as there
 * is memory; a server that idles beside somebody's editor should not. About 30 ms, once.
 */
export function trimHeap(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof collect === "function")
    (collect as Collect)({ type: "major", execution: "sync", flavor: "last-resort" });
  // Over so small a heap V8 sets its limit so near that each 4 MB of an upload has it mark all of the heap again: three
  // fifths of the processor time of taking an archive. What idles stays as small.
  setFlagsFromString("--heap-growing-percent=200");
}
