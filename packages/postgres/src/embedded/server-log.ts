import { open, rename, stat } from "node:fs/promises";

const ROTATE_BYTES = 4 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/**
 * The server writes to a file, not to a pipe: it outlives a supervisor that was killed, and must be
 * able to go on writing.
 */
export interface ServerLog {
  fd: number;
  /** What the server wrote since the file was opened. */
  sinceOpened(): Promise<string>;
  close(): Promise<void>;
}

export async function openServerLog(path: string): Promise<ServerLog> {
  const before = await stat(path).catch(() => null);
  if (before !== null && before.size > ROTATE_BYTES) await rename(path, `${path}.1`);
  const file = await open(path, "a+", 0o600);
  const from = (await file.stat()).size;
  return {
    fd: file.fd,
    sinceOpened: async () => {
      const { size } = await file.stat();
      const start = Math.max(from, size - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      return buffer.subarray(0, bytesRead).toString();
    },
    close: () => file.close(),
  };
}
