import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { isAgencyError } from "@agency/contract";
import type { EventOf } from "@agency/contract";
import { bearer } from "@agency/control";
import type { AttemptCaller, Logger } from "@agency/core";
import { toRunnerRefusal } from "./runner-refusal.ts";

export interface EgressDoorDeps {
  /** Lets a runner's token in; throws `unauthenticated` or `fenced`. */
  access: (token: string) => Promise<AttemptCaller>;
  /** Opens a connection to the world for an attempt, or says why not. */
  open: (
    caller: AttemptCaller,
    authority: string,
    via: Via,
    signal: AbortSignal,
  ) => Promise<
    | { readonly ok: true; readonly socket: Duplex }
    | { readonly ok: false; readonly status: number; readonly reason: string; readonly message: string }
  >;
  logger: Logger;
}

type Via = EventOf<"network">["data"]["via"];

export interface EgressDoor {
  /** For the `connect` event of the door's server. */
  connect(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Cuts every tunnel, now and later: a server waits for the connections it has handed over and closes none. */
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

const IDLE_MS = 600_000;
const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  502: "Bad Gateway",
  504: "Gateway Timeout",
};

/** The sandboxes' way to the world: `CONNECT host:port` with the attempt's token, byte for byte from then on. */
export function createEgressDoor(deps: EgressDoorDeps): EgressDoor {
  const sockets = new Set<Duplex>();
  let closed = false;

  async function serve(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    gone: AbortSignal,
  ): Promise<void> {
    const via = viaOf(request.headers["x-agency-via"]);
    if (via === null)
      return refuse(socket, { status: 400, reason: "bad_target", message: "Unknown x-agency-via." });
    const caller = await deps.access(bearer(request.headers.authorization));
    const opened = await deps.open(caller, request.url ?? "", via, gone);
    if (!opened.ok) return refuse(socket, opened);
    if (head.length > 0) socket.unshift(head);
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    join(socket, opened.socket);
  }

  return {
    connect(request, socket, head) {
      if (closed) return void socket.destroy();
      const gone = new AbortController();
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      // Beyond the limit of the connection itself: an agent that never reads the end must not keep the socket.
      request.socket.setTimeout(IDLE_MS, () => socket.destroy());
      socket.once("close", () => {
        sockets.delete(socket);
        if (!socket.readableEnded) gone.abort();
      });
      serve(request, socket, head, gone.signal).catch((error: unknown) => {
        if (!isAgencyError(error)) deps.logger.error({ err: error }, "a sandbox's connection failed");
        const { status, body } = toRunnerRefusal(error, "");
        refuse(socket, { status, reason: body.code, message: body.detail });
      });
    },
    close() {
      closed = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Each end's half-close is passed on. An end that broke takes the other with it; one that closed lets it finish. */
function join(inside: Duplex, outside: Duplex): void {
  inside.once("close", () => follow(inside, outside));
  outside.once("close", () => follow(outside, inside));
  inside.pipe(outside);
  outside.pipe(inside);
}

function follow(closed: Duplex, other: Duplex): void {
  // What is still on its way to the other end must arrive: closing now would cut off the last bytes.
  if (closed.readableEnded && !other.writableFinished) other.once("finish", () => other.destroy());
  else other.destroy();
}

function refuse(socket: Duplex, { status, reason, message }: Answer): void {
  const body = JSON.stringify({ reason, message });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? "Refused"}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  // What the sandbox still sends is read and thrown away: unread bytes would turn the end into a reset.
  socket.resume();
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

function viaOf(header: string | string[] | undefined): Via | null {
  return header === "connect" || header === "http" || header === "socks5" ? header : null;
}
