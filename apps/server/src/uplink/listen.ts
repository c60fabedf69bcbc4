import { randomBytes } from "node:crypto";
import { chmod, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { AgencyError } from "@agency/contract";
import { getRequestListener } from "@hono/node-server";
import type { UplinkApp } from "./app.ts";

/** An agent's own connection to the world, asked for with CONNECT. */
export type ConnectHandler = (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What is asked for beside requests. */
export interface DoorHandlers {
  connect: ConnectHandler;
  /** A runner that serves a terminal. */
  upgrade: ConnectHandler;
}

export interface UplinkListener {
  path: string;
  close(): Promise<void>;
}

/** What fits into the kernel's address of a socket, its final zero left out. */
const MAX_PATH_BYTES = 107;
/** A sandbox that opens one connection after another may fill this door, never take the server's last file. */
const MAX_CONNECTIONS = 8_192;

/**
 * One socket a process, under a name of its own: several processes can hold the same door open, and a runner
 * uses any that answers. Sockets of processes that died are swept out.
 */
export async function listenUplink(
  app: Pick<UplinkApp, "fetch">,
  { connect: onConnect, upgrade }: DoorHandlers,
  doorDir: string,
): Promise<UplinkListener> {
  const path = join(doorDir, `${process.pid}-${randomBytes(4).toString("hex")}.sock`);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new AgencyError("unavailable", `${path} is too long for the address of a socket.`, {
      next: "Name a data folder with a shorter path with AGENCY_HOME.",
    });
  }
  await sweep(doorDir);
  const handle = getRequestListener(app.fetch, { hostname: "uplink", overrideGlobalObjects: false });
  const server = createServer((incoming, outgoing) => void handle(incoming, outgoing));
  server.on("connect", onConnect);
  server.on("upgrade", upgrade);
  // A command stream, a model's answer and a large repository may all take hours.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  server.maxConnections = MAX_CONNECTIONS;
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
