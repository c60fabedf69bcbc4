import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

const TAIL_BYTES = 8 * 1024;
const MAX_BYTES = 64 * 1024 * 1024;

export interface CheckOutput {
  add(text: string): Promise<void>;
  /** The end of it: where programs say what went wrong. */
  tail(): string;
  readonly bytes: number;
  close(): Promise<void>;
}

/** Keeps the end of an output in memory, and the whole of it in a file. */
export async function openCheckOutput(path: string): Promise<CheckOutput> {
  const file: FileHandle | null = await open(path, "w", 0o600).catch(() => null);
  let tail = "";
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    async add(text) {
      tail = lastBytes(tail + text);
      const size = Buffer.byteLength(text);
      if (file === null || bytes + size > MAX_BYTES) return;
      bytes += size;
      // A full disk costs the file, not the check.
      await file.write(text).catch(() => undefined);
    },
    tail: () => tail,
    close: async () => file?.close().catch(() => undefined),
  };
}

function lastBytes(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= TAIL_BYTES) return text;
  return bytes
    .subarray(-TAIL_BYTES)
    .toString()
    .replace(/^\uFFFD+/, "");
}
