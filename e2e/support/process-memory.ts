import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const PAGE = 4096;
const PRESENT = 1n << 63n;
const SWAPPED = 1n << 62n;
const CHUNK = 4 * 1024 * 1024;

/** Which of the texts stand anywhere in the memory a process can write to. Needs the right to read it: root's. */
export function textsInMemory(pid: number, texts: readonly string[]): Set<string> {
  const wanted = texts.map((text) => ({ text, bytes: Buffer.from(text) }));
  const found = new Set<string>();
  const memory = open(`/proc/${pid}/mem`);
  const pages = open(`/proc/${pid}/pagemap`);
  if (memory === null || pages === null) return found;
  try {
    for (const [from, to] of writableMappings(pid)) {
      for (const [start, end] of residentRuns(pages, from, to)) {
        const bytes = read(memory, start, end - start);
        for (const { text, bytes: needle } of wanted) if (bytes.includes(needle)) found.add(text);
      }
    }
  } finally {
    closeSync(memory);
    closeSync(pages);
  }
  return found;
}

/** A process that has ended meanwhile, reaped or not, has no memory left to look through. */
function open(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ESRCH"].includes(String(error.code)))
      return null;
    throw error;
  }
}

function writableMappings(pid: number): [number, number][] {
  return mapsOf(pid)
    .split("\n")
    .flatMap((line): [number, number][] => {
      const [, from = "", to = "", kind = ""] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      return kind.startsWith("rw") ? [[Number.parseInt(from, 16), Number.parseInt(to, 16)]] : [];
    });
}

function mapsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, "utf8");
  } catch {
    return "";
  }
}

/** Engines reserve gigabytes they never touch: only pages that exist are read. */
function* residentRuns(pages: number, from: number, to: number): Generator<[number, number]> {
  let start: number | null = null;
  for (let at = from; at < to; at += PAGE * 512) {
    const count = Math.min(512, (to - at) / PAGE);
    const entries = read(pages, (at / PAGE) * 8, count * 8);
    for (let i = 0; i < count; i += 1) {
      const entry = i * 8 + 8 <= entries.length ? entries.readBigUInt64LE(i * 8) : 0n;
      const page = at + i * PAGE;
      const resident = (entry & (PRESENT | SWAPPED)) !== 0n;
      if (resident && start === null) start = page;
      const full = start !== null && page - start >= CHUNK;
      if (start === null || (resident && !full)) continue;
      // One page of overlap: what is looked for may lie across the cut.
      yield [start, resident ? page + PAGE : page];
      start = resident ? page : null;
    }
  }
  if (start !== null) yield [start, to];
}

function read(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, length, position));
  } catch {
    // A mapping that went away meanwhile, or one the kernel keeps to itself.
    return Buffer.alloc(0);
  }
}
