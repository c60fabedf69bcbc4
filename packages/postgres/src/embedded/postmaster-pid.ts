import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a running server writes about itself into its data folder. */
export interface PostmasterPid {
  pid: number;
  port: string;
  socketDir: string;
  /** `ready` once it accepts connections; null while it is still writing the file. */
  status: string | null;
}

export async function readPostmasterPid(cluster: string): Promise<PostmasterPid | null> {
  try {
    return parsePostmasterPid(await readFile(join(cluster, "postmaster.pid"), "utf8"));
  } catch {
    return null;
  }
}

/** Lines: pid, data folder, start time, port, socket folder, listen address, shared memory, status. */
export function parsePostmasterPid(text: string): PostmasterPid | null {
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  return { pid, port: lines[3] ?? "", socketDir: lines[4] ?? "", status: lines[7] || null };
}
