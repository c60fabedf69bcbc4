import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { HOLD_HEADER } from "@agency/contract";
import { waitUntil } from "../process/signal.ts";
import { answerOf, passOn } from "./answer.ts";
import type { CarriedRoute } from "./carried-route.ts";
import { knock, openUpstream } from "./connect-out.ts";
import type { WayOut } from "./connect-out.ts";
import type { BodyRoom, KeptBody } from "./kept-body.ts";
import type { ModelCalls } from "./model-calls.ts";

const LONGEST_TRY_MS = 60_000;
const SHORTEST_TRY_MS = 200;
const USUAL_TRY_MS = 5000;
/** What the vendors bill. Anything else (counting tokens, listing models) takes no turn and no money. */
const BILLED = /\/(?:messages|responses|completions)(?:\?|$)/;

export interface ModelCarrier extends WayOut {
  calls: ModelCalls;
  bodies: BodyRoom;
  /** In [0, 1). */
  random: () => number;
}

/**
 * Carries one model request for as long as it takes. A call that may not be made yet is kept here, request and
 * connection, and sent again later: the engine only sees a slow answer, and nothing is lost by a wait of days.
 */
export async function carryModel(
  carrier: ModelCarrier,
  route: CarriedRoute,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const body = await carrier.bodies.keep(incoming);
  try {
    for (;;) {
      await admitted(carrier, route, incoming, gone);
      // Before it is sent: a word to go on that comes with the refusal must not be missed.
      const again = carrier.calls.again.wait();
      const response = await attempt(carrier, route, incoming, body, gone);
      if (gone.aborted) return void response?.destroy();
      const hold = holdMs(response, carrier.random());
      if (hold === null || !body.isWhole) return passOn(response, outgoing);
      response?.destroy();
      await eitherOf(carrier, again, hold, gone);
    }
  } finally {
    body.release();
  }
}

async function admitted(
  { calls }: ModelCarrier,
  { path }: CarriedRoute,
  { method }: IncomingMessage,
  gone: AbortSignal,
): Promise<void> {
  if (method !== "POST" || !BILLED.test(path)) return;
  await waitUntil(calls.again, gone, () => calls.mayGo());
}

/** Null: the connection broke on the way, and nobody knows whether the call was made. The engine may repeat it. */
async function attempt(
  carrier: ModelCarrier,
  route: CarriedRoute,
  incoming: IncomingMessage,
  body: KeptBody,
  gone: AbortSignal,
): Promise<IncomingMessage | null> {
  // While nobody is there nothing was sent, so nothing can be lost; the dead-man clock ends a wait that is too long.
  const socket = await knock(carrier, Number.POSITIVE_INFINITY, gone);
  if (socket === null) return null;
  const upstream = openUpstream(carrier, route, incoming, socket, gone);
  const answer = answerOf(upstream);
  send(body, incoming, upstream);
  return answer;
}

function send(body: KeptBody, incoming: IncomingMessage, upstream: ClientRequest): void {
  for (const chunk of body.chunks) upstream.write(chunk);
  if (body.isWhole) upstream.end();
  // Not a pipeline: it would destroy the engine's connection, answer and all, when the upload is cut off by an answer.
  else incoming.pipe(upstream);
}

/** How long to wait before it is tried again; null: this is the answer. */
function holdMs(response: IncomingMessage | null, random: number): number | null {
  if (response?.headers[HOLD_HEADER] === undefined) return null;
  const seconds = Number(response.headers["retry-after"] ?? Number.NaN);
  const asked = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : USUAL_TRY_MS;
  const most = Math.min(Math.max(asked, SHORTEST_TRY_MS), LONGEST_TRY_MS);
  // Many requests held at one instant must not come back at one instant.
  return most * (0.8 + 0.2 * random);
}

async function eitherOf(
  { clock }: ModelCarrier,
  again: Promise<void>,
  ms: number,
  gone: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  await Promise.race([again, clock.sleep(ms, AbortSignal.any([gone, over.signal]))]);
  over.abort();
}
