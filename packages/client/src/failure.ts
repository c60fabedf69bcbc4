import { AgencyError, ERROR_CODES, problemSchema } from "@agency/contract";
import type { AgencyErrorOptions, ErrorCode } from "@agency/contract";

/** What went wrong below HTTP, in a sentence that names the address. */
export function unreachable(baseUrl: string, cause: unknown): AgencyError {
  return new AgencyError("unavailable", whyUnreachable(baseUrl, cause), {
    cause,
    next: "Start the server with `agency up`, or check AGENCY_URL.",
  });
}

function whyUnreachable(baseUrl: string, cause: unknown): string {
  const code = systemCode(cause);
  if (code === "ECONNREFUSED") return `Nothing answers at ${baseUrl}.`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `The host of ${baseUrl} is not known.`;
  if (cause instanceof Error && cause.name === "TimeoutError") return `${baseUrl} did not answer in time.`;
  return `${baseUrl} cannot be reached: ${rootMessage(cause)}.`;
}

/** fetch wraps the system's error, and an error for several addresses wraps one for each. */
function systemCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError) return systemCode(error.errors[0]);
  return systemCode(error.cause);
}

function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message;
}

/** The server's own account of a refused request, or the best one the status line allows. */
export async function toFailure(response: Response, baseUrl: string): Promise<AgencyError> {
  const problem = problemSchema.safeParse(await readJson(response));
  const retryAfterMs = retryAfter(response);
  if (!problem.success) return strangeAnswer(response, baseUrl, retryAfterMs);
  const { code, detail, next, errors, requestId } = problem.data;
  return new AgencyError(code, detail, {
    requestId,
    ...(next === undefined ? {} : { next }),
    ...(errors === undefined ? {} : { errors }),
    ...retryAfterMs,
  });
}

function strangeAnswer(response: Response, baseUrl: string, retryAfterMs: AgencyErrorOptions): AgencyError {
  const message = `${baseUrl} answered ${response.status} without saying why: it may not be an Agency server.`;
  return new AgencyError(codeOfStatus(response.status), message, {
    next: "Check AGENCY_URL.",
    ...retryAfterMs,
  });
}

/** A proxy in between knows no codes; only statuses with a single meaning keep it. */
function codeOfStatus(status: number): ErrorCode {
  const meant = (["unauthenticated", "forbidden", "too_many_requests", "unavailable"] as const).find(
    (code) => ERROR_CODES[code] === status,
  );
  return meant ?? "upstream_failed";
}

/** Whatever stands in between may say anything, and a timer of more than 2^31 ms goes off at once, over and over. */
const LONGEST_RETRY_MS = 3_600_000;

function retryAfter(response: Response): { retryAfterMs?: number } {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  if (!Number.isFinite(seconds) || seconds < 0) return {};
  return { retryAfterMs: Math.min(seconds * 1000, LONGEST_RETRY_MS) };
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}
