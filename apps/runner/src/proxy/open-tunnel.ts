import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@agency/core";
import { z } from "zod";
import type { Attempt } from "../uplink/client.ts";
import type { Door } from "../uplink/door.ts";

export interface TunnelDeps {
  readonly door: Door;
  readonly clock: Clock;
  readonly attempt: Pick<Attempt, "token">;
}

/** Why there is no connection, as the control plane puts it. */
export interface TunnelRefusal {
  readonly ok: false;
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}
export type Tunnel = { readonly ok: true; readonly socket: Socket } | TunnelRefusal;

/** A restart of the control plane is shorter than this; the agent only sees a slow connection. */
const PATIENCE_MS = 30_000;
const KNOCK_MS = 100;
/** Looking up and dialling take the control plane half of this at most. */
const ANSWER_MS = 30_000;
const MAX_REFUSAL_BYTES = 16_384;

const refusalSchema = z.object({ reason: z.string(), message: z.string() });

/**
 * A connection to `host:port` through the door. The token is added here; nothing the agent sent goes along but
 * the target, and not a byte of it before the door says yes, so a broken attempt can be made again.
 */
export async function openTunnel(
  deps: TunnelDeps,
  target: string,
  via: "connect" | "http" | "socks5",
  gone: AbortSignal,
): Promise<Tunnel> {
  if (!/^[\x21-\x7e]{1,300}$/.test(target)) {
    return refusal(403, "bad_target", "That is not a host and a port: write example.com:443.");
  }
  const until = deps.clock.now() + PATIENCE_MS;
  while (!gone.aborted) {
    const door = await deps.door.connect().catch(() => null);
    const tunnel = door === null ? null : await ask(deps, door, target, via, gone);
    if (tunnel !== null) return tunnel;
    if (deps.clock.now() >= until) break;
    await deps.clock.sleep(KNOCK_MS, gone);
  }
  return refusal(502, "unreachable", "The control plane does not answer, and the network leads through it.");
}

/** Null when the door's end broke before it answered. */
async function ask(
  { door, clock, attempt }: TunnelDeps,
  socket: Socket,
  target: string,
  via: string,
  gone: AbortSignal,
): Promise<Tunnel | null> {
  const answered = new AbortController();
  const late = clock.sleep(ANSWER_MS, answered.signal).then(() => "late" as const);
  const stop = (): void => void socket.destroy();
  gone.addEventListener("abort", stop, { once: true });
  try {
    const answer = await Promise.race([late, connectThrough(socket, target, via, attempt.token)]);
    if (answer !== "late") return await readAnswer(answer);
    socket.destroy();
    return refusal(504, "slow", "The control plane took too long to open the connection.");
  } catch {
    if (!gone.aborted) door.distrust();
    return null;
  } finally {
    answered.abort();
    gone.removeEventListener("abort", stop);
  }
}

interface DoorAnswer {
  readonly response: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
}

function connectThrough(socket: Socket, target: string, via: string, token: string): Promise<DoorAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      createConnection: () => socket,
      method: "CONNECT",
      path: target,
      headers: { host: target, authorization: `Bearer ${token}`, "x-agency-via": via },
    });
    outgoing.once("connect", (response, socket: Socket, head) => {
      // For good: from here on a broken connection is news for whoever uses it, never an uncaught error.
      socket.on("error", () => socket.destroy());
      resolve({ response, socket, head });
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

async function readAnswer({ response, socket, head }: DoorAnswer): Promise<Tunnel> {
  if (response.statusCode === 200) {
    // The world may have said all it has to say while the agent still sends.
    socket.allowHalfOpen = true;
    if (head.length > 0) socket.unshift(head);
    return { ok: true, socket };
  }
  const status = response.statusCode ?? 502;
  const said = refusalSchema.safeParse(parseJson(await readRest(socket, head)));
  if (said.success) return refusal(status, said.data.reason, said.data.message);
  return refusal(status, "unreachable", `The control plane answered ${status} without saying why.`);
}

async function readRest(socket: Socket, head: Buffer): Promise<string> {
  const parts = [head];
  let size = head.length;
  try {
    for await (const part of socket) {
      parts.push(part as Buffer);
      size += (part as Buffer).length;
      if (size > MAX_REFUSAL_BYTES) break;
    }
  } catch {
    // A reset behind the answer: what came is the answer.
  }
  return Buffer.concat(parts).toString();
}

function refusal(status: number, reason: string, message: string): TunnelRefusal {
  return { ok: false, status, reason, message };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
