import { open } from "node:fs/promises";
import { isMissing } from "./records.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";

const TAIL_BYTES = 64 * 1024;

/** The end of what the chain and the runner printed. The runner may print without end, so never all of it. */
export async function consoleTail(folder: SandboxFolder): Promise<string> {
  const file = await open(folder.control.console, "r").catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (file === null) return "";
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}
