import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { AgencyError } from "@agency/contract";
import type { ApiApp } from "./app.ts";

export interface ApiListener {
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Time for an answer under way to be finished before its connection is cut. */
const GRACE_MS = 2_000;

export async function listenApi(app: ApiApp, host: string, port: number): Promise<ApiListener> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(explain(error, host, port)));
    server.listen({ host, port }, resolve);
  });
  const bound = server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  return { url: `http://${name}:${bound.port}`, port: bound.port, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(cut);
}

function explain(error: Error, host: string, port: number): Error {
  const code = "code" in error ? error.code : "";
  if (code === "EADDRINUSE") {
    return new AgencyError("unavailable", `Port ${port} on ${host} is in use by another program.`, {
      next: "Choose another one with AGENCY_PORT; 0 takes any free one.",
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL") {
    return new AgencyError(
      "unavailable",
      `This machine does not let Agency listen on ${host}:${port} (${code}).`,
      {
        next: "Set AGENCY_LISTEN to an address of this machine, and AGENCY_PORT to a port above 1023.",
        cause: error,
      },
    );
  }
  return error;
}
