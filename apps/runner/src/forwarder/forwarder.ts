import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerOf, passOn, refuse } from "./answer.ts";
import { carriedRoute } from "./carried-route.ts";
import type { CarriedRoute } from "./carried-route.ts";
import { carryModel } from "./carry-model.ts";
import { knock, openUpstream, PATIENCE_MS } from "./connect-out.ts";
import type { WayOut } from "./connect-out.ts";
import { createBodyRoom } from "./kept-body.ts";
import type { BodyRoom } from "./kept-body.ts";
import type { ModelCalls } from "./model-calls.ts";

export interface Forwarder {
  /** http://127.0.0.1:<port> */
  readonly url: string;
  close(): Promise<void>;
}

export interface ForwarderOptions extends WayOut {
  calls: ModelCalls;
  /** In [0, 1). */
  random: () => number;
  bodies?: BodyRoom;
}

/**
 * Carries the engine's model calls and git from a port inside the sandbox to the control plane, byte by byte
 * as they come. A connection of its own for every request: a call to a model must never be lost to a kept
 * connection that was closed meanwhile, because it cannot be repeated.
 */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const carrier = { ...options, bodies: options.bodies ?? createBodyRoom() };
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const route = carriedRoute(incoming.url);
    if (route === null)
      return refuse(outgoing, 404, "not_found_error", "Only /model/ and /git/ lead out of here.");
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    if (route.kind === "git") return void carryGit(carrier, route, incoming, outgoing, gone.signal);
    outgoing.once("close", options.calls.open());
    void carryModel(carrier, route, incoming, outgoing, gone.signal);
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

async function carryGit(
  out: WayOut,
  route: CarriedRoute,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const socket = await knock(out, PATIENCE_MS, gone);
  if (gone.aborted) return void socket?.destroy();
  if (socket === null) return refuse(outgoing, 503, "overloaded_error", "The control plane does not answer.");
  const upstream = openUpstream(out, route, incoming, socket, gone);
  const answer = answerOf(upstream);
  // Not a pipeline: it would destroy git's connection, answer and all, when the upload is cut off by an answer.
  incoming.pipe(upstream);
  const response = await answer;
  if (gone.aborted) return;
  // Another status than the broker's own 502: what broke off here is worth doing again.
  if (response === null)
    return refuse(outgoing, 503, "overloaded_error", "The connection to the control plane broke.");
  passOn(response, outgoing);
}
