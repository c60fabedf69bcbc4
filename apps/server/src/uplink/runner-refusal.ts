import { isAgencyError } from "@agency/contract";
import { toRefusal } from "../http/problem.ts";
import type { Refusal } from "../http/problem.ts";

/**
 * An error as a sandbox sees it. What is wrong with storage and database names folders and hosts of the server: that is
 * for its log, and the sandbox learns no more than that it is so.
 */
export function toRunnerRefusal(error: unknown, requestId: string): Refusal {
  const { body, status, headers } = toRefusal(error, requestId);
  if (!isAgencyError(error) || error.code !== "unavailable") return { body, status, headers };
  const { next: _next, errors: _errors, ...rest } = body;
  const detail = "The server's storage or database cannot be used: its log says more.";
  return { body: { ...rest, detail }, status, headers };
}
