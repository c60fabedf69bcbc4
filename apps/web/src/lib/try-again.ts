import { isAgencyError } from "@agency/contract";

const PASSING: ReadonlySet<string> = new Set([
  "unavailable",
  "too_many_requests",
  "internal",
  "upstream_failed",
  "storage_full",
]);
const FIRST_MS = 2000;
const LONGEST_MS = 60_000;

/** Can the same request succeed later, with nobody doing anything about it? */
export function mayPass(error: unknown): boolean {
  return isAgencyError(error) && PASSING.has(error.code);
}

/** How long to let the server be after so many failures in a row; null for what asking again cannot cure. */
export function pauseAfter(error: unknown, failures: number): number | null {
  if (!isAgencyError(error) || !mayPass(error)) return null;
  // An answer that could not be read has a cause: a page older than its server gets no younger by waiting.
  if (error.code === "upstream_failed" && error.cause !== undefined) return null;
  return Math.max(Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS), error.retryAfterMs ?? 0);
}
