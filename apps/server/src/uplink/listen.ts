import { randomBytes } from "node:crypto";
import { chmod, readdir, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";

export interface UplinkListener {
  path: string;
  close(): Promise<void>;
}

/**
 * One socket a process, under a name of its own: several processes can hold the same door open, and a runner
 * uses any that answers. Sockets of processes that died are swept out.
 */
export async function listenUplink(app: Hono, doorDir: string): Promise<UplinkListener> {
  await sweep(doorDir);
  const path = join(doorDir, `${process.pid}-${randomBytes(4).toString("hex")}.sock`);
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  // A command stream and a model's answer may last for hours.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  // The sandboxes' users connect; the folder is mounted into each of them, and nowhere else.
  await chmod(path, 0o666);
  return { path, close: () => close(server, path) };
}

async function close(server: Server, path: string): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
  await rm(path, { force: true });
}

async function sweep(doorDir: string): Promise<void> {
  for (const name of await readdir(doorDir)) {
    const path = join(doorDir, name);
    if (name.endsWith(".sock") && (await isDead(path))) await rm(path, { force: true });
  }
}

function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error) => resolve("code" in error && error.code === "ECONNREFUSED"));
  });
}
