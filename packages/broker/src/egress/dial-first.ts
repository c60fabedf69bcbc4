import { SocketAddress, connect, isIP } from "node:net";
import type { Socket } from "node:net";
import type { Clock } from "@agency/core";

/** Opens a connection to an address, never to a name. Rejects when the signal aborts. */
export type Dial = (address: string, port: number, signal: AbortSignal) => Promise<Socket>;

/** How long an address may keep the next one waiting (RFC 8305 says 250 ms). */
const HEAD_START_MS = 250;
/** The agent may own the name: its answers must not turn one request into a flood of connections. */
const MAX_ADDRESSES = 6;

export const dialSocket: Dial = (address, port, signal) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
    const stop = (): void => void socket.destroy(new Error("given up"));
    const settle = (): void => {
      signal.removeEventListener("abort", stop);
      socket.off("error", failed);
    };
    const failed = (error: Error): void => {
      settle();
      reject(error);
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    socket.once("error", failed);
    socket.once("connect", () => {
      settle();
      // Never without a listener: an error nobody listens for ends the process.
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });

/** IPv4 and IPv6 by turns, IPv4 first: a server without a way out by IPv6 is the commoner case. */
export function inTurns(addresses: readonly string[]): string[] {
  const v4 = addresses.filter((address) => isIP(address) === 4);
  const v6 = addresses.filter((address) => isIP(address) === 6);
  const longest = Math.max(v4.length, v6.length);
  return Array.from({ length: longest }, (_, at) => [v4[at], v6[at]])
    .flat()
    .filter((address) => address !== undefined)
    .slice(0, MAX_ADDRESSES);
}

/** The first of them that answers; the next is tried when one fails or lets its head start pass. Throws an AggregateError. */
export async function dialFirst(
  addresses: readonly string[],
  dial: (address: string, signal: AbortSignal) => Promise<Socket>,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ socket: Socket; address: string }> {
  const won = new AbortController();
  const stop = AbortSignal.any([signal, won.signal]);
  let turn: Promise<unknown> = Promise.resolve();
  const tries = addresses.map((address) => {
    const attempt = turn.then(() => connectTo(address));
    turn = Promise.race([turn.then(() => clock.sleep(HEAD_START_MS, stop)), attempt.catch(() => undefined)]);
    return attempt;
  });

  async function connectTo(address: string): Promise<{ socket: Socket; address: string }> {
    if (stop.aborted) throw new Error("not needed any more");
    const socket = await dial(address, stop);
    if (stop.aborted) {
      socket.destroy();
      throw new Error("another address was quicker");
    }
    won.abort();
    return { socket, address };
  }

  return Promise.any(tries);
}

/** One address may be spelled in several ways. */
export function isSameAddress(left: string, right: string): boolean {
  return canonical(left) === canonical(right);
}

function canonical(address: string): string {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  return isIP(address) === 0 ? address : new SocketAddress({ address, family }).address;
}
