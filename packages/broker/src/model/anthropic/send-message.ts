import type { ModelCaller } from "@agency/core";
import { meteredStream } from "../metered-stream.ts";
import { askUpstream, secretsOf } from "../model-upstream.ts";
import type { OpenUpstream } from "../model-upstream.ts";
import { readAnswer, withoutSecrets } from "../read-answer.ts";
import type { JsonBody } from "../read-json-body.ts";
import { knownQuery } from "./endpoints.ts";
import type { Endpoint } from "./endpoints.ts";
import { apiErrors, errorResponse } from "./error-response.ts";
import type { ApiError } from "./error-response.ts";
import { engineHeaders, upstreamHeaders } from "./forwarded-headers.ts";
import { createMessageMeter } from "./message-meter.ts";
import { emptyMessageUsage, isName, readMessage, usageShares } from "./message-usage.ts";
import type { MessageUsage } from "./message-usage.ts";
import { failureError, MAX_ANSWER_BYTES, openBody, openUpstream } from "./route-context.ts";
import type { RouteContext } from "./route-context.ts";

const VENDOR = "anthropic";

type MessagesEndpoint = Extract<Endpoint, { path: string }>;

/** One billed call: read, admitted, sent, metered as it streams through, recorded. */
export async function sendMessage(
  context: RouteContext,
  caller: ModelCaller,
  endpoint: MessagesEndpoint,
  request: Request,
): Promise<Response> {
  const body = await openBody(context, request);
  if ("refusal" in body) return errorResponse(body.refusal);
  try {
    const asked = askedFor(body.json);
    if ("status" in asked) return errorResponse(asked);
    const upstream = await openUpstream(context, caller);
    if ("refusal" in upstream) return errorResponse(upstream.refusal);
    const refusal = await admit(context, caller, asked);
    if (refusal !== null) return errorResponse(refusal);
    return await exchange(
      { context, caller, upstream, model: asked.model, startedAt: context.now() },
      endpoint,
      request,
      body,
    );
  } finally {
    body.release();
  }
}

function askedFor(json: JsonBody["json"]): { model: string; maxTokens: number } | ApiError {
  const { model, max_tokens: maxTokens } = json;
  if (!isName(model)) {
    return apiErrors.badRequest("model: a model id of plain characters, at most 200, is required.");
  }
  if (typeof maxTokens !== "number" || !Number.isSafeInteger(maxTokens) || maxTokens < 0) {
    return apiErrors.badRequest("max_tokens: a whole number is required.");
  }
  return { model, maxTokens };
}

async function admit(
  context: RouteContext,
  caller: ModelCaller,
  asked: { model: string; maxTokens: number },
): Promise<ApiError | null> {
  if (!(await context.ledger.settle(caller))) return apiErrors.gateDown();
  try {
    const admission = await context.gate.admit(caller, { vendor: VENDOR, ...asked });
    if (admission.ok) return null;
    const { status, type, message } = admission;
    return { status, type, message, retry: status === 429 || status >= 500 };
  } catch (error) {
    const cause = error instanceof Error ? error.message : "unknown";
    context.logger.error({ taskId: caller.taskId, cause }, "A model call could not be admitted.");
    return apiErrors.gateDown();
  }
}

interface Call {
  context: RouteContext;
  caller: ModelCaller;
  upstream: OpenUpstream;
  model: string;
  startedAt: number;
}

async function exchange(
  call: Call,
  endpoint: MessagesEndpoint,
  request: Request,
  body: JsonBody,
): Promise<Response> {
  const { context, caller, upstream } = call;
  const query = knownQuery(request.url, endpoint.query);
  const asked = await askUpstream(
    upstream,
    { method: "POST", path: endpoint.path, query, body: body.bytes, signal: request.signal },
    (credential) => upstreamHeaders(request.headers, credential, true),
    context.fetch,
  );
  if ("failed" in asked) return failed(call, failureError(context, caller, asked), emptyMessageUsage());
  const answer = asked.response;
  if (answer.ok && answer.body !== null && isEventStream(answer)) return streamed(call, answer, answer.body);
  return whole(call, answer);
}

function isEventStream(answer: Response): boolean {
  return answer.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}

function streamed(call: Call, answer: Response, body: ReadableStream<Uint8Array>): Response {
  const meter = createMessageMeter();
  const settle = () => record(call, meter.seen, { status: answer.status, complete: meter.complete });
  return new Response(meteredStream(body, meter, settle), {
    status: answer.status,
    headers: engineHeaders(answer.headers),
  });
}

async function whole(call: Call, answer: Response): Promise<Response> {
  const seen = emptyMessageUsage();
  const bytes = await readAnswer(answer, MAX_ANSWER_BYTES);
  if (bytes === null) return failed(call, apiErrors.tooLong(), seen);
  if (bytes === undefined) return failed(call, apiErrors.unreachable("answer cut"), seen);
  if (answer.ok) readMessage(seen, parse(bytes));
  await record(call, seen, { status: answer.status, complete: seen.id !== null || !answer.ok });
  return new Response(withoutSecrets(bytes, secretsOf(call.upstream)), {
    status: answer.status,
    headers: engineHeaders(answer.headers),
  });
}

async function failed(call: Call, error: ApiError, seen: MessageUsage): Promise<Response> {
  await record(call, seen, { status: error.status, complete: false });
  return errorResponse(error);
}

async function record(
  call: Call,
  seen: MessageUsage,
  end: { status: number; complete: boolean },
): Promise<void> {
  const { context, caller, model, startedAt } = call;
  const durationMs = Math.max(0, Math.round(context.now() - startedAt));
  const names = { key: `call_${crypto.randomUUID()}`, model };
  for (const share of usageShares(seen, names, end.complete)) {
    const facts = { ...share, vendor: VENDOR, status: end.status, durationMs, partial: !end.complete };
    await context.ledger.record(caller, facts);
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
