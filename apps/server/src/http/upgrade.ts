import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { AgencyError } from "@agency/contract";
import type { UpgradedSockets } from "../terminals/upgraded-sockets.ts";
import { wantsTerminal } from "../terminals/upgraded-sockets.ts";
import { wantsWebSocket } from "../terminals/web-sockets.ts";
import type { ApiApp } from "./app.ts";
import { SECURE_HEADERS } from "./middleware/secure-headers.ts";
import { PROBLEM_TYPE, toRefusal } from "./problem.ts";

/** Of the body of a refusal: an answer of another kind may be as large as an archive. */
const MOST_SAID = 64 * 1024;
const TERMINAL_PATH = /^\/v1\/tasks\/[^/?#]+\/terminal(?:\?|$)/;

/** A route takes the connection over; `lost` is called instead when it is gone already. */
export type Upgrade = (serve: (socket: Duplex) => void, lost: () => void) => void;

/** A program asks for the protocol by its name; a browser can only speak it within a WebSocket. */
export function wantsUpgrade(incoming: IncomingMessage): boolean {
  return wantsTerminal(incoming) || wantsWebSocket(incoming);
}

/**
 * An upgrade is asked of the app like anything else, so that name, origin, key and owner are checked by the same
 * code; only its answer goes over the bare connection.
 */
export async function answerUpgrade(
  app: Pick<ApiApp, "fetch">,
  sockets: UpgradedSockets,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  // Nothing holds what an ordinary route answers back when it goes over a bare connection.
  if (!TERMINAL_PATH.test(incoming.url ?? "")) return refuse(socket, notTaken());
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  const granted: { serve: (socket: Duplex) => void; lost: () => void }[] = [];
  const upgrade: Upgrade = (serve, lost) => void granted.push({ serve, lost });
  const response = await ask(app, incoming, gone.signal, { upgrade });
  const [grant] = granted;
  if (grant === undefined) return refuse(socket, response);
  if (socket.destroyed) return grant.lost();
  const accepted = sockets.accept(incoming, socket, head, response.headers.getSetCookie());
  if (accepted === null) return grant.lost();
  grant.serve(accepted);
}

async function ask(
  app: Pick<ApiApp, "fetch">,
  incoming: IncomingMessage,
  signal: AbortSignal,
  more: object,
): Promise<Response> {
  try {
    const headers = new Headers();
    for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2)
      headers.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
    const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "missing.invalid"}`);
    return await app.fetch(new Request(url, { method: incoming.method ?? "GET", headers, signal }), {
      incoming,
      ...more,
    });
  } catch (error) {
    return problem(error);
  }
}

function problem(error: unknown): Response {
  const { body, status, headers } = toRefusal(error, randomUUID());
  return new Response(JSON.stringify(body), { status, headers: { ...SECURE_HEADERS, ...headers } });
}

function notTaken(): Response {
  return problem(
    new AgencyError("invalid_request", "Only the terminal of a task takes a connection over.", {
      next: "Ask without `upgrade`.",
    }),
  );
}

async function refuse(socket: Duplex, response: Response): Promise<void> {
  const { status, headers, body } = await refusalOf(response);
  const kept = [...headers].filter(([name]) => name !== "content-length" && name !== "connection");
  const lines = kept.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `HTTP/1.1 ${status} Refused\r\n${lines}content-length: ${body.length}\r\nconnection: close\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from(head), body]), () => socket.destroy());
}

/** A problem, as it is; of any other answer no more than its status. */
async function refusalOf(response: Response): Promise<{ status: number; headers: Headers; body: Buffer }> {
  const { status, headers } = response;
  const isProblem = status >= 400 && headers.get("content-type")?.startsWith(PROBLEM_TYPE) === true;
  const said = isProblem ? await bytesOf(response) : null;
  if (said !== null) return { status, headers, body: said };
  await response.body?.cancel().catch(() => undefined);
  const other = notTaken();
  return {
    status: status < 400 ? other.status : status,
    headers: other.headers,
    body: Buffer.from(await other.arrayBuffer()),
  };
}

/** Null: it is too long, or broke off. */
async function bytesOf(response: Response): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    // Leaving the loop cancels the rest.
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > MOST_SAID) return null;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch {
    return null;
  }
}
