import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { openPlainFile } from "./archive/read-file.ts";

const CHUNK = 1024 * 1024;

/** A copy of a plain file as it was at one time, with its checksum; null when there is none to read. */
export async function copyPlainFile(
  from: string,
  to: string,
): Promise<{ bytes: number; sha256: string } | null> {
  const source = openPlainFile(Buffer.from(from));
  if (source === null) return null;
  try {
    const copy = await open(to, "w", 0o600);
    const hash = createHash("sha256");
    const room = Buffer.allocUnsafe(Math.min(source.stats.size, CHUNK));
    try {
      for (let left = source.stats.size; left > 0; left -= CHUNK) {
        const chunk = room.subarray(0, Math.min(left, CHUNK));
        source.read(chunk);
        hash.update(chunk);
        await copy.writeFile(chunk);
      }
    } finally {
      await copy.close();
    }
    return { bytes: source.stats.size, sha256: hash.digest("hex") };
  } finally {
    source.close();
  }
}
