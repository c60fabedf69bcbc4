import type { ModelCaller } from "@agency/core";
import { apiErrors } from "./api-error.ts";
import { engineHeaders, upstreamHeaders } from "./forwarded-headers.ts";
import { knownQuery } from "./known-query.ts";
import { askUpstream, secretsOf } from "./model-upstream.ts";
import { readAnswer, withoutSecrets } from "./read-answer.ts";
import type { JsonBody } from "./read-json-body.ts";
import {
  errorResponse,
  failureError,
  holdResponse,
  MAX_ANSWER_BYTES,
  openBody,
  takePlace,
} from "./route-context.ts";
import type { RouteContext } from "./route-context.ts";
import { firstUsable, openSources, poolHold } from "./sources.ts";
import type { FreeEndpoint } from "./vendor.ts";

/** Calls the vendor does not charge for. */
export async function freeCall(
  context: RouteContext,
  caller: ModelCaller,
  endpoint: FreeEndpoint,
  request: Request,
): Promise<Response> {
  const { vendor } = context;
  const place = takePlace(context, caller);
  if ("hold" in place) return holdResponse(vendor, place);
  try {
    return await makeFreeCall(context, caller, endpoint, request);
  } finally {
    place();
  }
}

async function makeFreeCall(
  context: RouteContext,
  caller: ModelCaller,
  endpoint: FreeEndpoint,
  request: Request,
): Promise<Response> {
  const { vendor } = context;
  const body = endpoint.hasBody ? await openBody(context, caller, request) : null;
  if (body !== null && "refusal" in body) return errorResponse(vendor, body.refusal);
  try {
    const field = body !== null && caller.strictEgress ? vendor.closedField(body.json) : null;
    if (field !== null) return errorResponse(vendor, apiErrors.closedField(field));
    const sources = await openSources(context, caller);
    if ("refusal" in sources) return errorResponse(vendor, sources.refusal);
    const source = firstUsable(context, sources);
    if (source === undefined) return holdResponse(vendor, poolHold(context, sources));
    const asked = await askUpstream(
      vendor,
      source.upstream,
      sendingOf(context, endpoint, request, body),
      (credential) => upstreamHeaders(vendor.headers, request.headers, credential, body !== null),
    );
    if ("failed" in asked) return errorResponse(vendor, failureError(context, caller, asked));
    const { answer } = asked;
    const bytes = await readAnswer(answer, MAX_ANSWER_BYTES);
    if (bytes === null) return errorResponse(vendor, apiErrors.tooLong());
    if (bytes === undefined) return errorResponse(vendor, apiErrors.unreachable("answer cut"));
    return new Response(withoutSecrets(bytes, secretsOf(vendor, source.upstream)), {
      status: answer.status,
      headers: engineHeaders(vendor.headers, answer.headers),
    });
  } finally {
    body?.release();
  }
}

function sendingOf(context: RouteContext, endpoint: FreeEndpoint, request: Request, body: JsonBody | null) {
  return {
    method: request.method,
    path: endpoint.path,
    query: knownQuery(request.url, endpoint.query),
    body: body?.bytes ?? null,
    signal: request.signal,
    headersMs: context.limits.headersMs,
  };
}
