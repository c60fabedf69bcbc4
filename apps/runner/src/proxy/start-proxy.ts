import { createServer } from "node:net";
import type { Socket } from "node:net";
import type { TunnelDeps } from "./open-tunnel.ts";
import { createHttpProxy } from "./serve-http.ts";
import { serveSocks } from "./serve-socks.ts";
import { SOCKS_VERSION } from "./socks5.ts";

export interface Proxy {
  /** http://127.0.0.1:<port> */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 512;

/**
 * The agent's way to the world: one port inside the sandbox for HTTP and SOCKS5, told apart by the first byte.
 * It judges nothing, since what runs beside the agent could be tampered with; it carries each connection to the
 * control plane, which does, and says in the client's own words what that answered.
 */
export async function startProxy(deps: TunnelDeps): Promise<Proxy> {
  const http = createHttpProxy(deps);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const gone = new AbortController();
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      sockets.delete(socket);
      gone.abort();
    });
    socket.once("readable", () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return socket.destroy();
      socket.unshift(first);
      if (first[0] === SOCKS_VERSION) void serveSocks(deps, socket, gone.signal);
      else http.emit("connection", socket);
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
