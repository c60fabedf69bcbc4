import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TunnelRefusal } from "./open-tunnel.ts";

type Answer = Pick<TunnelRefusal, "status" | "message">;

const MAX_STATUS_TEXT = 120;

/** The first sentence fits into the status line, which is all that curl, git and npm show of a refused CONNECT. */
export function statusText(message: string): string {
  const [sentence = ""] = message.split(/\.(?:\s|$)/);
  return sentence.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, MAX_STATUS_TEXT);
}

export function refuseRequest(outgoing: ServerResponse, { status, message }: Answer): void {
  const headers = { "content-type": "text/plain; charset=utf-8", connection: "close" };
  outgoing.writeHead(status, statusText(message), headers).end(`${message}\n`);
}

/** For a connection that the HTTP server has handed over. */
export function refuseSocket(socket: Duplex, { status, message }: Answer): void {
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${status} ${statusText(message)}`,
    "content-type: text/plain; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  // What still comes is read and thrown away: unread bytes would turn the end into a reset.
  socket.resume();
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
