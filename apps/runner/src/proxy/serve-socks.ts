import type { Socket } from "node:net";
import { joinSockets } from "./join-sockets.ts";
import { openTunnel } from "./open-tunnel.ts";
import type { TunnelDeps, TunnelRefusal } from "./open-tunnel.ts";
import { SOCKS_REPLY, socksMethod, socksReply, socksRequest, socksTarget } from "./socks5.ts";
import type { AddressForm, SocksReply } from "./socks5.ts";

/** One SOCKS5 client from its greeting on. Never rejects. */
export async function serveSocks(deps: TunnelDeps, socket: Socket, gone: AbortSignal): Promise<void> {
  const target = await readTarget(socket);
  if (target === null) return void socket.destroy();
  if (typeof target === "number") return refuse(socket, target);
  const tunnel = await openTunnel(deps, target, "socks5", gone);
  if (gone.aborted) return void (tunnel.ok && tunnel.socket.destroy());
  if (!tunnel.ok) return refuse(socket, replyFor(tunnel));
  socket.write(socksReply(SOCKS_REPLY.granted));
  joinSockets(socket, tunnel.socket);
}

/** `host:port`, the reply that refuses, or null when this is no SOCKS5 at all. */
async function readTarget(socket: Socket): Promise<string | SocksReply | null> {
  const greeting = await take(socket, 2);
  const offered = await take(socket, greeting?.[1] ?? 0);
  if (offered === null) return null;
  const method = socksMethod(offered);
  socket.write(method);
  if (method[1] !== 0) return null;
  const head = await take(socket, 4);
  const form = head === null ? "foreign" : socksRequest(head);
  if (form === "foreign") return null;
  if (typeof form === "number") return form;
  const address = await take(socket, await sizeOf(socket, form));
  const port = await take(socket, 2);
  if (address === null || port === null) return null;
  return socksTarget(form, address, port) ?? SOCKS_REPLY.notAllowed;
}

async function sizeOf(socket: Socket, form: AddressForm): Promise<number> {
  if (form === "v4") return 4;
  if (form === "v6") return 16;
  return (await take(socket, 1))?.[0] ?? 0;
}

function replyFor({ status, reason }: TunnelRefusal): SocksReply {
  if (status === 504) return SOCKS_REPLY.timedOut;
  if (status !== 502) return SOCKS_REPLY.notAllowed;
  return reason === "connection_refused" ? SOCKS_REPLY.connectionRefused : SOCKS_REPLY.hostUnreachable;
}

function refuse(socket: Socket, code: SocksReply): void {
  socket.resume();
  socket.end(socksReply(code), () => socket.destroy());
}

/**
 * Exactly that many bytes, or null when the client ends before. It reads all there is and puts back the rest:
 * a stream that holds fewer bytes than it is asked for says "readable" again and again, and nothing else runs.
 */
async function take(socket: Socket, size: number): Promise<Buffer | null> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < size) {
    const more = socket.read() as Buffer | null;
    if (more !== null) bytes = Buffer.concat([bytes, more]);
    else if (socket.readableEnded || socket.destroyed) return null;
    else await readable(socket);
  }
  if (bytes.length > size) socket.unshift(bytes.subarray(size));
  // Nothing that is read here is ever zero bytes long.
  return size === 0 ? null : bytes.subarray(0, size);
}

function readable(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ["readable", "end", "close"]) socket.off(event, done);
      resolve();
    };
    for (const event of ["readable", "end", "close"]) socket.on(event, done);
  });
}
