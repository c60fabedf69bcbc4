import { createHash } from "node:crypto";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { ProviderError } from "@agency/core";

/**
 * A lock between all processes of this machine, held as an abstract unix socket: the kernel frees it
 * when its owner dies, however it dies, so there is no stale lock to break. Waiters connect to it and
 * are woken when the connection ends.
 */
export async function withHostLock<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const address = addressOf(key);
  let lock = await tryLock(address);
  while (lock === null) {
    if (signal.aborted) throw new ProviderError("transient", "waiting for another creator was called off");
    await untilReleased(address, signal);
    lock = await tryLock(address);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

export async function isHostLocked(key: string): Promise<boolean> {
  const socket = connect({ path: addressOf(key) });
  return new Promise((resolve) => {
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function addressOf(key: string): string {
  return `\0agency-${createHash("sha256").update(key).digest("hex").slice(0, 40)}`;
}

async function tryLock(path: string): Promise<{ release: () => void } | null> {
  const waiting = new Set<Socket>();
  const server: Server = createServer((socket) => {
    waiting.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => waiting.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else
        reject(new ProviderError("transient", `no lock for a sandbox: ${error.message}`, { cause: error }));
    });
    server.listen({ path }, () => {
      server.unref();
      resolve({
        release: () => {
          server.close();
          for (const socket of waiting) socket.destroy();
        },
      });
    });
  });
}

async function untilReleased(path: string, signal: AbortSignal): Promise<void> {
  const socket = connect({ path, signal });
  return new Promise((resolve) => {
    socket.on("error", () => undefined);
    socket.once("close", () => resolve());
  });
}
