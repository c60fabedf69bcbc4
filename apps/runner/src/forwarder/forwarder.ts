import { createServer, request } from "node:http";
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import type { Clock } from "@agency/core";
import type { Attempt } from "../uplink/client.ts";
import type { Door } from "../uplink/door.ts";
import { carriedRoute } from "./carried-route.ts";
import type { CarriedRoute } from "./carried-route.ts";
import { requestHeaders, responseHeaders } from "./forward-headers.ts";

/** A restart of the control plane is shorter than this; the engine only sees a slow answer. */
const PATIENCE_MS = 30_000;
const KNOCK_MS = 100;

export interface Forwarder {
  /** http://127.0.0.1:<port> */
  readonly url: string;
  close(): Promise<void>;
}

export interface ForwarderOptions {
  door: Door;
  clock: Clock;
  attempt: Attempt;
  /** A model request began; call the result when it is over. */
  onModelRequest: () => () => void;
}

/**
 * Carries the engine's model calls and git from a port inside the sandbox to the control plane, byte by byte
 * as they come. A connection of its own for every request: a call to a model must never be lost to a kept
 * connection that was closed meanwhile, because it cannot be repeated.
 */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const route = carriedRoute(incoming.url);
    if (route === null)
      return refuse(outgoing, 404, "not_found_error", "Only /model/ and /git/ lead out of here.");
    void carry(options, route, incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The forwarder has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function carry(
  options: ForwarderOptions,
  route: CarriedRoute,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  const over = route.kind === "model" ? options.onModelRequest() : () => undefined;
  outgoing.once("close", () => {
    gone.abort();
    over();
  });
  const socket = await knock(options, gone.signal);
  if (gone.signal.aborted) return void socket?.destroy();
  if (socket === null) return refuse(outgoing, 503, "overloaded_error", "The control plane does not answer.");
  const upstream = request({
    createConnection: () => socket,
    method: incoming.method ?? "GET",
    path: route.path,
    headers: requestHeaders(incoming.rawHeaders, route.kind, options.attempt),
    setHost: false,
  });
  gone.signal.addEventListener("abort", () => upstream.destroy());
  answerFrom(upstream, outgoing);
  // Not a pipeline: it would destroy the engine's connection, answer and all, when the upload is cut off by an answer.
  incoming.pipe(upstream);
}

async function knock({ door, clock }: ForwarderOptions, gone: AbortSignal): Promise<Socket | null> {
  const until = clock.now() + PATIENCE_MS;
  while (!gone.aborted) {
    const socket = await door.connect().catch(() => null);
    if (socket !== null || clock.now() >= until) return socket;
    await clock.sleep(KNOCK_MS, gone);
  }
  return null;
}

function answerFrom(upstream: ClientRequest, outgoing: ServerResponse): void {
  upstream.once("response", (response) => {
    outgoing.writeHead(
      response.statusCode ?? 502,
      response.statusMessage,
      responseHeaders(response.rawHeaders),
    );
    outgoing.flushHeaders();
    // On an answer cut short the pipeline destroys ours too: the engine must see a cut, not an end.
    pipeline(response, outgoing, () => undefined);
  });
  upstream.on("error", () => {
    if (outgoing.headersSent) outgoing.destroy();
    else refuse(outgoing, 502, "api_error", "The connection to the control plane broke.");
  });
}

/** In the shape of the Anthropic API, so that the engine shows the message; git shows the status. */
function refuse(outgoing: ServerResponse, status: number, type: string, message: string): void {
  const body = JSON.stringify({ type: "error", error: { type, message } });
  outgoing.writeHead(status, { "content-type": "application/json", connection: "close" }).end(body);
}
