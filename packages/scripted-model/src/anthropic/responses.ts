import { newRequestId } from "../wire/responses.ts";
import type { FailureOptions } from "../wire/facade.ts";

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

export function failure(status: number, message: string, options: FailureOptions = {}): Response {
  const requestId = newRequestId();
  const headers = new Headers({ "request-id": requestId });
  if (options.retryAfterS !== undefined) headers.set("retry-after", `${options.retryAfterS}`);
  if (options.limitedUntil !== undefined) {
    headers.set("anthropic-ratelimit-unified-status", "rejected");
    headers.set("anthropic-ratelimit-unified-reset", `${options.limitedUntil}`);
  }
  if (options.isFinal === true) headers.set("x-should-retry", "false");
  return Response.json({ ...errorBody(status, message), request_id: requestId }, { status, headers });
}

export function errorBody(status: number, message: string): Record<string, unknown> {
  const type = ERROR_TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  return { type: "error", error: { type, message } };
}
