import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { UpgradedSockets } from "../terminals/upgraded-sockets.ts";
import { wantsTerminal } from "../terminals/upgraded-sockets.ts";
import { wantsWebSocket } from "../terminals/web-sockets.ts";
import type { ApiApp } from "./app.ts";
import { toRefusal } from "./problem.ts";

/** A route takes the connection over; `lost` is called instead when it is gone already. */
export type Upgrade = (serve: (socket: Duplex) => void, lost: () => void) => void;

/** A program asks for the protocol by its name; a browser can only speak it within a WebSocket. */
export function wantsUpgrade(incoming: IncomingMessage): boolean {
  return wantsTerminal(incoming) || wantsWebSocket(incoming);
}

/**
 * An upgrade is asked of the app like anything else, so that name, origin, key and owner are checked by the same
 * code; only its answer goes over the bare connection.
 */
export async function answerUpgrade(
  app: Pick<ApiApp, "fetch">,
  sockets: UpgradedSockets,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  const granted: { serve: (socket: Duplex) => void; lost: () => void }[] = [];
  const upgrade: Upgrade = (serve, lost) => void granted.push({ serve, lost });
  const response = await ask(app, incoming, wantsUpgrade(incoming) ? { upgrade } : {});
  const [grant] = granted;
  if (grant === undefined) return refuse(socket, response);
  if (socket.destroyed) return grant.lost();
  const accepted = sockets.accept(incoming, socket, head, response.headers.getSetCookie());
  if (accepted === null) return grant.lost();
  grant.serve(accepted);
}

async function ask(app: Pick<ApiApp, "fetch">, incoming: IncomingMessage, more: object): Promise<Response> {
  try {
    const headers = new Headers();
    for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2)
      headers.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
    const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "missing.invalid"}`);
    return await app.fetch(new Request(url, { method: incoming.method ?? "GET", headers }), {
      incoming,
      ...more,
    });
  } catch (error) {
    const { body, status } = toRefusal(error, randomUUID());
    return new Response(JSON.stringify(body), { status });
  }
}

async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const headers = [...response.headers].filter(
    ([name]) => name !== "content-length" && name !== "connection",
  );
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `HTTP/1.1 ${response.status} Refused\r\n${lines}content-length: ${body.length}\r\nconnection: close\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from(head), body]), () => socket.destroy());
}
