import type { FailureOptions } from "../wire/facade.ts";
import { newRequestId } from "../wire/responses.ts";

const ERROR_CODES: Readonly<Record<number, string>> = {
  401: "invalid_api_key",
  403: "permission_denied",
  404: "not_found",
  429: "rate_limit_exceeded",
};

export function failure(status: number, message: string, options: FailureOptions = {}): Response {
  const headers = new Headers({ "x-request-id": newRequestId() });
  const { retryAfterS, limitedUntil, isFinal } = options;
  if (retryAfterS !== undefined) headers.set("retry-after", `${retryAfterS}`);
  if (isFinal === true) headers.set("x-should-retry", "false");
  const error = { message, type: typeOf(status), param: null, code: ERROR_CODES[status] ?? null };
  if (limitedUntil === undefined) return Response.json({ error }, { status, headers });
  headers.set("x-ratelimit-remaining-requests", "0");
  if (retryAfterS !== undefined) headers.set("x-ratelimit-reset-requests", `${retryAfterS}s`);
  const limit = { type: "usage_limit_reached", resets_at: limitedUntil, resets_in_seconds: retryAfterS };
  return Response.json({ error: { ...error, ...limit } }, { status, headers });
}

function typeOf(status: number): string {
  if (status === 429) return "requests";
  return status < 500 ? "invalid_request_error" : "server_error";
}
