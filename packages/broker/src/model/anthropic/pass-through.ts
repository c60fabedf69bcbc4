import type { ModelCaller } from "@agency/core";
import { askUpstream, secretsOf } from "../model-upstream.ts";
import { readAnswer, withoutSecrets } from "../read-answer.ts";
import { knownQuery } from "./endpoints.ts";
import type { Endpoint } from "./endpoints.ts";
import { apiErrors, errorResponse } from "./error-response.ts";
import { engineHeaders, upstreamHeaders } from "./forwarded-headers.ts";
import { failureError, MAX_ANSWER_BYTES, openBody, openUpstream } from "./route-context.ts";
import type { RouteContext } from "./route-context.ts";

type FreeEndpoint = Extract<Endpoint, { path: string }>;

/** Calls the vendor does not charge for: token counts and the list of models. Neither admitted nor recorded. */
export async function passThrough(
  context: RouteContext,
  caller: ModelCaller,
  endpoint: FreeEndpoint,
  request: Request,
): Promise<Response> {
  const body = endpoint.kind === "count_tokens" ? await openBody(context, request) : null;
  if (body !== null && "refusal" in body) return errorResponse(body.refusal);
  try {
    const upstream = await openUpstream(context, caller);
    if ("refusal" in upstream) return errorResponse(upstream.refusal);
    const query = knownQuery(request.url, endpoint.query);
    const asked = await askUpstream(
      upstream,
      {
        method: request.method,
        path: endpoint.path,
        query,
        body: body?.bytes ?? null,
        signal: request.signal,
      },
      (credential) => upstreamHeaders(request.headers, credential, body !== null),
      context.fetch,
    );
    if ("failed" in asked) return errorResponse(failureError(context, caller, asked));
    const { response } = asked;
    const bytes = await readAnswer(response, MAX_ANSWER_BYTES);
    if (bytes === null) return errorResponse(apiErrors.tooLong());
    if (bytes === undefined) return errorResponse(apiErrors.unreachable("answer cut"));
    return new Response(withoutSecrets(bytes, secretsOf(upstream)), {
      status: response.status,
      headers: engineHeaders(response.headers),
    });
  } finally {
    body?.release();
  }
}
