import { ERROR_CODES, isAgencyError } from "@agency/contract";
import type { ErrorCode, Problem } from "@agency/contract";

/** An error as the client sees it: RFC 9457 body, status and the headers that belong to it. */
export interface Refusal {
  body: Problem;
  status: (typeof ERROR_CODES)[ErrorCode];
  headers: Record<string, string>;
}

export const PROBLEM_TYPE = "application/problem+json";
/** Longest text taken from a request into an answer. */
const MAX_ECHO = 300;

/** What is not an expected error says nothing of itself outside; the log has it under the request id. */
export function toRefusal(error: unknown, requestId: string): Refusal {
  if (!isAgencyError(error)) return refusal("internal", requestId, unexpected(requestId));
  const { code, message, next, errors, retryAfterMs } = error;
  const known = Object.hasOwn(ERROR_CODES, code) ? code : "internal";
  const { body, status, headers } = refusal(known, requestId, {
    detail: message,
    ...(next === undefined ? {} : { next }),
    ...(errors === undefined ? {} : { errors }),
  });
  if (retryAfterMs !== undefined) headers["retry-after"] = String(Math.ceil(retryAfterMs / 1000));
  return { body, status, headers };
}

function refusal(
  code: ErrorCode,
  requestId: string,
  facts: Pick<Problem, "detail" | "next" | "errors">,
): Refusal {
  const status = ERROR_CODES[code];
  const headers: Record<string, string> = { "content-type": PROBLEM_TYPE, "cache-control": "no-store" };
  if (code === "unauthenticated") headers["www-authenticate"] = 'Bearer realm="agency"';
  const type = `urn:agency:problem:${code}`;
  return { body: { type, title: titleOf(code), status, code, ...facts, requestId }, status, headers };
}

function unexpected(requestId: string): Pick<Problem, "detail" | "next"> {
  return {
    detail: "Something went wrong inside Agency.",
    next: `Look for request ${requestId} in the server log.`,
  };
}

function titleOf(code: ErrorCode): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Part of a request, short and storable enough to be said back. */
export function echo(text: string): string {
  const plain = text.toWellFormed().replaceAll(/\p{Cc}/gu, "\uFFFD");
  return plain.length <= MAX_ECHO ? plain : `${plain.slice(0, MAX_ECHO)}…`;
}
