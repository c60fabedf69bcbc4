import { createServer, request } from "node:http";
import type { ClientRequest, IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import type { Duplex } from "node:stream";
import { responseHeaders } from "../forwarder/forward-headers.ts";
import { statusLine } from "../forwarder/status-line.ts";
import { joinSockets } from "./join-sockets.ts";
import { openTunnel } from "./open-tunnel.ts";
import type { Tunnel, TunnelDeps } from "./open-tunnel.ts";
import { proxiedHeaders, proxiedRequest } from "./proxied-request.ts";
import type { ProxiedRequest } from "./proxied-request.ts";
import { refuseRequest, refuseSocket } from "./refuse-request.ts";

const NOT_FOR_A_PROXY = {
  status: 400,
  message: "This is a proxy. Ask it for http://host/path, or CONNECT host:port for everything else.",
};
const BROKE = { status: 502, message: "The server closed the connection without an answer." };

/** CONNECT, plain requests and WebSockets. It listens nowhere: connections are handed to it. */
export function createHttpProxy(deps: TunnelDeps): Server {
  const server = createServer({
    requestTimeout: 0,
    keepAliveTimeout: 60_000,
    // Other protocols (curl asks plain servers for h2c) are an offer that may be left; the request is served.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
  });
  server.on("request", (incoming, outgoing) => void carryRequest(deps, incoming, outgoing));
  server.on("connect", (incoming, socket, head) => void carryConnect(deps, incoming, socket, head));
  server.on("upgrade", (incoming, socket, head) => void carryUpgrade(deps, incoming, socket, head));
  return server;
}

async function carryConnect(
  deps: TunnelDeps,
  { url = "" }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const gone = goneWith(socket);
  const tunnel = await openTunnel(deps, url, "connect", gone);
  if (gone.aborted) return drop(tunnel);
  if (!tunnel.ok) return refuseSocket(socket, tunnel);
  if (head.length > 0) socket.unshift(head);
  socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  joinSockets(socket, tunnel.socket);
}

/** A tunnel of its own for every request: the next one on this connection may be for another server. */
async function carryRequest(
  deps: TunnelDeps,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const wanted = proxiedRequest(incoming.url);
  if (wanted === null) return refuseRequest(outgoing, NOT_FOR_A_PROXY);
  const gone = goneWith(outgoing);
  const tunnel = await openTunnel(deps, wanted.target, "http", gone);
  if (gone.aborted) return drop(tunnel);
  if (!tunnel.ok) return refuseRequest(outgoing, tunnel);
  const upstream = send(incoming, wanted, tunnel.socket, []);
  gone.addEventListener("abort", () => upstream.destroy());
  upstream.once("response", (response) => {
    outgoing.writeHead(...statusLine(response), responseHeaders(response.rawHeaders));
    outgoing.flushHeaders();
    // An answer cut short must be seen as a cut, not as an end: the pipeline destroys ours too.
    pipeline(response, outgoing, () => undefined);
  });
  upstream.on("error", () => {
    if (outgoing.headersSent) outgoing.destroy();
    else refuseRequest(outgoing, BROKE);
  });
  // Not a pipeline: it would destroy the agent's connection, answer and all, when the upload is cut off by an answer.
  incoming.pipe(upstream);
}

async function carryUpgrade(
  deps: TunnelDeps,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const wanted = proxiedRequest(incoming.url);
  if (wanted === null) return refuseSocket(socket, NOT_FOR_A_PROXY);
  const gone = goneWith(socket);
  const tunnel = await openTunnel(deps, wanted.target, "http", gone);
  if (gone.aborted) return drop(tunnel);
  if (!tunnel.ok) return refuseSocket(socket, tunnel);
  const hop = ["connection", "upgrade", "upgrade", "websocket"];
  const upstream = send(incoming, wanted, tunnel.socket, hop);
  upstream.once("upgrade", (response, outside, early) => {
    if (head.length > 0) socket.unshift(head);
    if (early.length > 0) outside.unshift(early);
    socket.write(answerHead(response, hop));
    joinSockets(socket, outside);
  });
  upstream.once("response", (response) => {
    socket.write(answerHead(response, ["connection", "close"]));
    pipeline(response, socket, () => socket.destroy());
  });
  upstream.on("error", () => refuseSocket(socket, BROKE));
  upstream.end();
}

function send(
  incoming: IncomingMessage,
  { host, path }: ProxiedRequest,
  socket: Socket,
  hop: readonly string[],
): ClientRequest {
  const isChunked = incoming.headers["transfer-encoding"] !== undefined;
  return request({
    createConnection: () => socket,
    method: incoming.method ?? "GET",
    path,
    headers: [...proxiedHeaders(incoming.rawHeaders, host, isChunked), ...hop],
    setHost: false,
  });
}

function answerHead(response: IncomingMessage, hop: string[]): string {
  const headers = [...responseHeaders(response.rawHeaders), ...hop];
  const lines = [`HTTP/1.1 ${statusLine(response).join(" ")}`];
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function goneWith(stream: Duplex | ServerResponse): AbortSignal {
  const gone = new AbortController();
  stream.on("error", () => stream.destroy());
  stream.once("close", () => gone.abort());
  return gone.signal;
}

function drop(tunnel: Tunnel): void {
  if (tunnel.ok) tunnel.socket.destroy();
}
