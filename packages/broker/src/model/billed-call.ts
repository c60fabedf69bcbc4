import type { ModelCaller } from "@agency/core";
import { apiErrors } from "./api-error.ts";
import { exchange } from "./exchange.ts";
import { identify } from "./identify.ts";
import { openCall } from "./open-call.ts";
import { usedUp } from "./pool-turns.ts";
import type { JsonBody } from "./read-json-body.ts";
import { causeOf, errorResponse, holdResponse, openBody, takePlace } from "./route-context.ts";
import type { Hold, Refusal, RouteContext } from "./route-context.ts";
import { firstUsable, openSources } from "./sources.ts";
import type { Asked, BilledEndpoint } from "./vendor.ts";

const FRESH_MS = 1000;

/** One billed call: read, admitted, sent, metered as it streams through, recorded, settled. */
export async function billedCall(
  context: RouteContext,
  caller: ModelCaller,
  endpoint: BilledEndpoint,
  request: Request,
): Promise<Response> {
  const began = context.now();
  const body = await openBody(context, caller, request);
  if ("refusal" in body) return errorResponse(context.vendor, body.refusal);
  try {
    // Whoever keeps back the last byte of a request must not be judged by what held when it sent the first.
    const still = context.now() - began < FRESH_MS ? caller : await identify(context, request);
    if ("refusal" in still) return errorResponse(context.vendor, still.refusal);
    return await makeCall(context, still, endpoint, request, body);
  } finally {
    body.release();
  }
}

async function makeCall(
  context: RouteContext,
  caller: ModelCaller,
  endpoint: BilledEndpoint,
  request: Request,
  body: JsonBody,
): Promise<Response> {
  const { vendor } = context;
  const asked = readAsked(context, caller, endpoint, body);
  if ("refusal" in asked) return errorResponse(vendor, asked.refusal);
  const sources = await openSources(context, caller);
  if ("refusal" in sources) return errorResponse(vendor, sources.refusal);
  if (firstUsable(context, sources) === undefined) return usedUp(context, caller, sources);
  const bytes = asked.changed === undefined ? body.bytes : encode(asked.changed);
  const admission = await admit(context, caller, asked, bytes.length);
  if ("refusal" in admission) return errorResponse(vendor, admission.refusal);
  if ("hold" in admission) return holdResponse(vendor, admission);
  const { reservation, over } = admission;
  const meter = vendor.createMeter(endpoint, bytes.length);
  const sized = { model: asked.model, maxTokens: asked.maxTokens, inputBytes: bytes.length };
  const call = openCall(context, { caller, reservation, over, meter, engine: request.signal, ...sized });
  try {
    return await exchange(call, sources, { endpoint, request, bytes, filter: asked.filter });
  } catch (error) {
    context.logger.error({ taskId: caller.taskId, cause: causeOf(error) }, "A model call broke off.");
    const broken = apiErrors.broken();
    await call.finish({ status: broken.status, complete: false });
    call.release();
    return errorResponse(vendor, broken);
  }
}

function readAsked(
  context: RouteContext,
  caller: ModelCaller,
  endpoint: BilledEndpoint,
  body: JsonBody,
): Asked | Refusal {
  const asked = context.vendor.readAsked(endpoint, body.json);
  if ("status" in asked) return { refusal: asked };
  const field = context.vendor.closedField(body.json);
  if (field === null) return asked;
  // What the vendor fetches is input as well, and as long as it likes.
  return caller.strictEgress ? { refusal: apiErrors.closedField(field) } : { ...asked, unseenInput: true };
}

function encode(json: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(json));
}

interface Admitted {
  readonly reservation: string;
  /** Gives the call's place back. */
  readonly over: () => void;
}

async function admit(
  context: RouteContext,
  caller: ModelCaller,
  asked: Asked,
  inputBytes: number,
): Promise<Admitted | Hold | Refusal> {
  const place = takePlace(context, caller);
  if ("hold" in place) return place;
  const admission = await askGate(context, caller, asked, inputBytes);
  if ("reservation" in admission) return { ...admission, over: place };
  place();
  return admission;
}

async function askGate(
  context: RouteContext,
  caller: ModelCaller,
  { model, maxTokens, unseenInput = false, mode = {} }: Asked,
  inputBytes: number,
): Promise<{ reservation: string } | Hold | Refusal> {
  if (!(await context.ledger.clear(caller))) return { refusal: apiErrors.gateDown() };
  try {
    const facts = { vendor: context.vendor.id, model, maxTokens, inputBytes, unseenInput, mode };
    const admission = await context.gate.admit(caller, facts);
    if (admission.ok || "hold" in admission) return admission;
    const { status, type, message } = admission;
    return { refusal: { status, type, message, retry: status === 429 || status >= 500 } };
  } catch (error) {
    context.logger.error(
      { taskId: caller.taskId, cause: causeOf(error) },
      "A model call could not be admitted.",
    );
    return { refusal: apiErrors.gateDown() };
  }
}
