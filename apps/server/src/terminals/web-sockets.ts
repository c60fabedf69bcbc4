import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { MAX_TERMINAL_FRAME } from "@agency/contract";
import { createWebSocketStream, WebSocketServer } from "ws";

/** A frame with its head; a browser sends each as one message. */
const MOST_BYTES = 2 * MAX_TERMINAL_FRAME;

export function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

export interface WebSockets {
  /** The bytes a browser's socket carries, with its messages put together; null: it was refused with a reason. */
  accept(incoming: IncomingMessage, socket: Duplex, head: Buffer, cookies: readonly string[]): Duplex | null;
}

export function createWebSockets(): WebSockets {
  // Whoever accepts a socket keeps it, and closes it.
  const options = { noServer: true, maxPayload: MOST_BYTES, perMessageDeflate: false, clientTracking: false };
  const server = new WebSocketServer(options);
  const cookiesOf = new WeakMap<IncomingMessage, readonly string[]>();
  server.on("headers", (lines, incoming) => {
    for (const cookie of cookiesOf.get(incoming) ?? []) lines.push(`set-cookie: ${cookie}`);
  });
  return {
    accept(incoming, socket, head, cookies) {
      cookiesOf.set(incoming, cookies);
      let stream: Duplex | null = null;
      // Answers before it returns: what it needs of the request is in its head.
      server.handleUpgrade(incoming, socket, head, (accepted) => {
        stream = createWebSocketStream(accepted);
        // It ends in `close` as well, which is what everybody listens to.
        stream.on("error", () => undefined);
      });
      return stream;
    },
  };
}
