import { request } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@agency/core";
import type { Attempt } from "../uplink/client.ts";
import type { Door } from "../uplink/door.ts";
import type { CarriedRoute } from "./carried-route.ts";
import { requestHeaders } from "./forward-headers.ts";

/** A restart of the control plane is shorter than this; the engine only sees a slow answer. */
export const PATIENCE_MS = 30_000;
const KNOCK_MS = 100;
const SLOW_KNOCK_MS = 1000;

export interface WayOut {
  door: Door;
  clock: Clock;
  attempt: Attempt;
}

/** A connection to the control plane; null when there is none within `patienceMs`, or nobody wants it any more. */
export async function knock(
  { door, clock }: Pick<WayOut, "door" | "clock">,
  patienceMs: number,
  gone: AbortSignal,
): Promise<Socket | null> {
  const began = clock.now();
  while (!gone.aborted) {
    const socket = await door.connect().catch(() => null);
    if (socket !== null && gone.aborted) socket.destroy();
    else if (socket !== null) return socket;
    const waited = clock.now() - began;
    if (waited >= patienceMs) return null;
    await clock.sleep(waited < PATIENCE_MS ? KNOCK_MS : SLOW_KNOCK_MS, gone);
  }
  return null;
}

/** Begins the engine's request on a connection of its own; the body is the caller's. */
export function openUpstream(
  { attempt }: Pick<WayOut, "attempt">,
  route: CarriedRoute,
  incoming: IncomingMessage,
  socket: Socket,
  gone: AbortSignal,
): ClientRequest {
  const upstream = request({
    createConnection: () => socket,
    method: incoming.method ?? "GET",
    path: route.path,
    headers: requestHeaders(incoming.rawHeaders, route.kind, attempt),
    setHost: false,
  });
  const stop = (): void => void upstream.destroy();
  gone.addEventListener("abort", stop, { once: true });
  upstream.once("close", () => gone.removeEventListener("abort", stop));
  return upstream;
}
