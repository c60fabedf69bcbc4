import { randomBytes } from "node:crypto";

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

interface FailureOptions {
  retryAfterS?: number | undefined;
  /** Tells clients that asking again is no use. */
  isFinal?: boolean | undefined;
}

export function failure(status: number, message: string, options: FailureOptions = {}): Response {
  const requestId = newRequestId();
  const headers = new Headers({ "request-id": requestId });
  if (options.retryAfterS !== undefined) headers.set("retry-after", `${options.retryAfterS}`);
  if (options.isFinal === true) headers.set("x-should-retry", "false");
  return Response.json({ ...errorBody(status, message), request_id: requestId }, { status, headers });
}

export function json(body: unknown): Response {
  return Response.json(body, { headers: { "request-id": newRequestId() } });
}

export function stream(body: ReadableStream<Uint8Array>, contentType: string): Response {
  return new Response(body, {
    headers: { "content-type": contentType, "cache-control": "no-cache", "request-id": newRequestId() },
  });
}

export function errorBody(status: number, message: string): Record<string, unknown> {
  const type = ERROR_TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  return { type: "error", error: { type, message } };
}

function newRequestId(): string {
  return `req_${randomBytes(12).toString("hex")}`;
}
