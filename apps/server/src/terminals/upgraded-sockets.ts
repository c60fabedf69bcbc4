import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { TERMINAL_PROTOCOL } from "@agency/contract";
import { createWebSockets, wantsWebSocket } from "./web-sockets.ts";

/** A connection nobody is at any more is found out by the kernel, within a few of these. */
const PROBE_MS = 30_000;

export interface UpgradedSockets {
  /** The connection speaks the terminal's protocol from now on; null: it cannot. */
  accept(incoming: IncomingMessage, socket: Duplex, head: Buffer, cookies?: readonly string[]): Duplex | null;
  /** Cuts them all, now and later: a server waits for the connections it has handed over and closes none. */
  close(): void;
}

export function wantsTerminal({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === TERMINAL_PROTOCOL;
}

export function createUpgradedSockets(): UpgradedSockets {
  const sockets = new Set<Duplex>();
  const webSockets = createWebSockets();
  let closed = false;
  return {
    accept(incoming, socket, head, cookies = []) {
      if (closed) {
        socket.destroy();
        return null;
      }
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      // It ends in `close` as well, which is what everybody listens to.
      socket.on("error", () => undefined);
      incoming.socket.setTimeout(0);
      incoming.socket.setNoDelay(true);
      incoming.socket.setKeepAlive(true, PROBE_MS);
      if (wantsWebSocket(incoming)) return webSockets.accept(incoming, socket, head, cookies);
      if (head.length > 0) socket.unshift(head);
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${TERMINAL_PROTOCOL}\r\n\r\n`,
      );
      return socket;
    },
    close() {
      closed = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}
