import { apiErrors } from "./api-error.ts";
import type { ApiError } from "./api-error.ts";
import { isRecord, parseJson } from "./call-meter.ts";
import type { CallMeter } from "./call-meter.ts";
import { engineHeaders, upstreamHeaders } from "./forwarded-headers.ts";
import { meteredStream } from "./metered-stream.ts";
import { askUpstream, secretsOf } from "./model-upstream.ts";
import type { OpenCall } from "./open-call.ts";
import { nextSource, usedUp } from "./pool-turns.ts";
import { readAnswer, withoutSecrets } from "./read-answer.ts";
import { errorResponse, failureError, MAX_ANSWER_BYTES } from "./route-context.ts";
import type { UpstreamAnswer } from "./send-http.ts";
import { createSecretFilter, inTurn } from "./secret-filter.ts";
import { firstUsable } from "./sources.ts";
import type { Source } from "./sources.ts";
import type { SseFilter } from "./sse-filter.ts";
import { knownQuery } from "./known-query.ts";
import type { BilledEndpoint } from "./vendor.ts";

export interface Sending {
  readonly endpoint: BilledEndpoint;
  readonly request: Request;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly filter: (() => SseFilter) | undefined;
}

/** Asks with one credential after the other until one is good for an answer. No byte of a bad one is passed on. */
export async function exchange(
  call: OpenCall,
  sources: readonly Source[],
  sending: Sending,
): Promise<Response> {
  const { context, caller } = call;
  let source = firstUsable(context, sources);
  // A source that was tried is in trouble now; the count is there for a clock that jumps.
  for (let tries = 0; source !== undefined && tries < sources.length; tries += 1) {
    const asked = await ask(call, source, sending);
    if ("failed" in asked) {
      const error = asked.failed === "aborted" ? call.abortError() : failureError(context, caller, asked);
      return failed(call, error, asked.failed === "slow" || asked.failed === "aborted");
    }
    const { answer } = asked;
    const { body } = answer;
    if (body !== null && isEventStream(answer))
      return streamed(call, source, answer, body, sending.filter?.());
    const bytes = await readWhole(call, answer);
    if ("status" in bytes) return failed(call, bytes);
    const trouble = troubleIn(call, source, answer, bytes);
    if (trouble === null || (trouble.kind === "refused" && isLast(call, source, sources)))
      return whole(call, source, answer, bytes);
    source = await nextSource(context, caller, source, trouble, sources);
  }
  await call.drop();
  call.release();
  return usedUp(context, caller, sources);
}

function ask(call: OpenCall, source: Source, { endpoint, request, bytes }: Sending) {
  const { context, signal } = call;
  call.sent();
  return askUpstream(
    context.vendor,
    source.upstream,
    {
      method: "POST",
      path: endpoint.path,
      query: knownQuery(request.url, endpoint.query),
      body: bytes,
      signal,
      headersMs: context.limits.headersMs,
    },
    (credential) => upstreamHeaders(context.vendor.headers, request.headers, credential, true),
  );
}

function isOk({ status }: UpstreamAnswer): boolean {
  return status >= 200 && status < 300;
}

function isEventStream(answer: UpstreamAnswer): boolean {
  return isOk(answer) && answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

async function readWhole(
  call: OpenCall,
  answer: UpstreamAnswer,
): Promise<Uint8Array<ArrayBuffer> | ApiError> {
  const bytes = await readAnswer(answer, MAX_ANSWER_BYTES);
  if (call.signal.aborted) return call.abortError();
  if (bytes === null) return apiErrors.tooLong();
  return bytes ?? apiErrors.unreachable("answer cut");
}

function isLast({ context }: OpenCall, source: Source, sources: readonly Source[]): boolean {
  return (
    firstUsable(
      context,
      sources.filter((other) => other !== source),
    ) === undefined
  );
}

function streamed(
  call: OpenCall,
  source: Source,
  { status, headers }: UpstreamAnswer,
  body: ReadableStream<Uint8Array>,
  asked: SseFilter | undefined,
): Response {
  const { context, meter, signal } = call;
  const secrets = secretsOf(context.vendor, source.upstream);
  const filter = secrets.length === 0 ? asked : inTurn(asked, createSecretFilter(secrets));
  const settle = (left: boolean) => call.finish({ status, complete: meter.complete, left });
  const over = () => call.release();
  return new Response(meteredStream({ body, meter, signal, settle, over, filter }), {
    status,
    headers: engineHeaders(context.vendor.headers, headers),
  });
}

/** How much of an error is looked at. */
const ERROR_BYTES = 64 * 1024;

function troubleIn(call: OpenCall, source: Source, answer: UpstreamAnswer, bytes: Uint8Array) {
  if (isOk(answer) || source.credential === null) return null;
  const text = new TextDecoder().decode(bytes.subarray(0, ERROR_BYTES));
  const { vendor, date } = call.context;
  return vendor.readTrouble({ status: answer.status, headers: answer.headers, text, now: date() });
}

async function whole(
  call: OpenCall,
  source: Source,
  { status, headers }: UpstreamAnswer,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const { vendor } = call.context;
  const ok = status < 300;
  if (ok) readInto(call.meter, bytes);
  await call.finish({ status, complete: call.meter.complete || !ok });
  call.release();
  return new Response(withoutSecrets(bytes, secretsOf(vendor, source.upstream)), {
    status,
    headers: engineHeaders(vendor.headers, headers),
  });
}

/** Some servers stream under another name; unread, such an answer would be free. */
function readInto(meter: CallMeter, bytes: Uint8Array): void {
  const answer = parseJson(new TextDecoder().decode(bytes));
  if (isRecord(answer)) meter.read(answer);
  else meter.push(bytes);
}

async function failed(call: OpenCall, error: ApiError, left = call.signal.aborted): Promise<Response> {
  await call.finish({ status: error.status, complete: false, left });
  call.release();
  return errorResponse(call.context.vendor, error);
}
