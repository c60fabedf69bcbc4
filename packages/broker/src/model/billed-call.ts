import type { ModelCaller } from "@agency/core";
import { apiErrors } from "./api-error.ts";
import type { ApiError } from "./api-error.ts";
import { exchange } from "./exchange.ts";
import { openCall } from "./open-call.ts";
import { usedUp } from "./pool-turns.ts";
import type { JsonBody } from "./read-json-body.ts";
import { causeOf, errorResponse, holdResponse, openBody } from "./route-context.ts";
import type { Hold, Refusal, RouteContext } from "./route-context.ts";
import { firstUsable, openSources } from "./sources.ts";
import type { Asked, BilledEndpoint } from "./vendor.ts";

/** One billed call: read, admitted, sent, metered as it streams through, recorded, settled. */
export async function billedCall(
  context: RouteContext,
  caller: ModelCaller,
  endpoint: BilledEndpoint,
  request: Request,
): Promise<Response> {
  const body = await openBody(context, request);
  if ("refusal" in body) return errorResponse(context.vendor, body.refusal);
  try {
    return await makeCall(context, caller, endpoint, request, body);
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
  const meter = vendor.createMeter(endpoint, bytes.length);
  const { reservation } = admission;
  const call = openCall(context, { caller, reservation, model: asked.model, meter, engine: request.signal });
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
  const field = caller.strictEgress ? context.vendor.closedField(body.json) : null;
  return field === null ? asked : { refusal: apiErrors.closedField(field) };
}

function encode(json: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(json));
}

async function admit(
  context: RouteContext,
  caller: ModelCaller,
  { model, maxTokens }: Asked,
  inputBytes: number,
): Promise<{ reservation: string } | Hold | { refusal: ApiError }> {
  if (!(await context.ledger.clear(caller))) return { refusal: apiErrors.gateDown() };
  try {
    const facts = { vendor: context.vendor.id, model, maxTokens, inputBytes };
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
