import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { AgencyError } from "@agency/contract";
import { getRequestListener } from "@hono/node-server";
import type { ApiApp } from "./app.ts";
import { SECURE_HEADERS } from "./middleware/secure-headers.ts";
import { toRefusal } from "./problem.ts";
import { createUpgradedSockets } from "../terminals/upgraded-sockets.ts";
import { answerUpgrade, wantsUpgrade } from "./upgrade.ts";

export interface ApiListener {
  url: string;
  close(): Promise<void>;
}

/** The largest upload over a slow line; nobody without a key gets to send a body at all. */
const REQUEST_MS = 60 * 60_000;
/** Longest a request under way may take to finish once the server stops. */
const GRACE_MS = 2_000;
const SWEEP_MS = 20;

/** Port 0 takes a free one. */
export async function listenApi(
  app: Pick<ApiApp, "fetch">,
  host: string,
  port: number,
): Promise<ApiListener> {
  const handle = getRequestListener(app.fetch, {
    hostname: "missing.invalid",
    // Its own Response class does not look for the mark "already sent" that an event stream leaves.
    overrideGlobalObjects: false,
    errorHandler: answerUnreadable,
  });
  const server = createServer(
    {
      // A request without a Host is refused like one with a wrong one, and not by Node in its own words.
      requireHostHeader: false,
      headersTimeout: 20_000,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: 65_000,
      shouldUpgradeCallback: wantsUpgrade,
    },
    (incoming, outgoing) => void handle(incoming, outgoing),
  );
  server.on("clientError", refuseBytes);
  const upgraded = createUpgradedSockets();
  server.on("upgrade", (incoming, socket, head) => void answerUpgrade(app, upgraded, incoming, socket, head));
  await listen(server, host, port);
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: addressOf(host, bound),
    close: () => {
      upgraded.close();
      return close(server);
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(error, host, port)));
    server.listen({ host, port }, () => resolve());
  });
}

function cannotListen(cause: Error, host: string, port: number): AgencyError {
  const code = "code" in cause ? String(cause.code) : cause.message;
  if (code === "EADDRINUSE") {
    return new AgencyError("unavailable", `Port ${port} of ${host} is in use by another program.`, {
      next: "Choose another one with AGENCY_PORT; 0 takes any free one.",
      cause,
    });
  }
  return new AgencyError(
    "unavailable",
    `This machine does not let Agency listen on ${host}:${port} (${code}).`,
    {
      next: "Set AGENCY_LISTEN to an address of this machine, and AGENCY_PORT to a port above 1023.",
      cause,
    },
  );
}

/** The address a program on this machine can use. */
export function addressOf(host: string, port: number): string {
  if (host === "0.0.0.0" || host === "::") return `http://127.0.0.1:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  // A connection that becomes idle only now would be kept for the next request.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  await closed;
  clearTimeout(cut);
  clearInterval(sweep);
}

/** A Host or target of which no URL can be made never reaches the app. */
function answerUnreadable(cause: unknown): Response {
  const error = new AgencyError("invalid_request", "The Host or the target of the request cannot be read.", {
    cause,
  });
  const { body, status, headers } = toRefusal(error, randomUUID());
  return new Response(JSON.stringify(body), { status, headers: { ...SECURE_HEADERS, ...headers } });
}

/** Bytes that are not HTTP, or headers that are too large or too slow. */
function refuseBytes(error: Error, socket: Duplex): void {
  if (!socket.writable) return void socket.destroy();
  const tooLarge = "code" in error && error.code === "HPE_HEADER_OVERFLOW";
  const refused = tooLarge
    ? new AgencyError("payload_too_large", "The headers of the request are too large.")
    : new AgencyError("invalid_request", "This is not an HTTP request.");
  const { body, status, headers } = toRefusal(refused, randomUUID());
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...SECURE_HEADERS,
    ...headers,
    "content-length": String(Buffer.byteLength(text)),
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\n${head}\r\n${text}`);
}
