import type { ErrorClass } from "@agency/contract";
import type { EngineEvent } from "@agency/core";

type ErrorEvent = Extract<EngineEvent, { type: "error" }>;

/** What the engine says of a failure, in the order in which it is believed. */
export interface FailureSigns {
  terminalReason?: string | undefined;
  /** The API's own word for it, on the assistant message and on retries. */
  apiError?: string | undefined;
  httpStatus?: number | undefined;
  message: string;
}

const BY_REASON: Readonly<Record<string, ErrorClass>> = {
  prompt_too_long: "context_too_long",
  rapid_refill_breaker: "context_too_long",
  blocking_limit: "rate_limit",
  image_error: "bad_request",
  malformed_tool_use_exhausted: "engine_protocol",
  structured_output_retry_exhausted: "engine_protocol",
  turn_setup_failed: "config",
};

const BY_API_ERROR: Readonly<Record<string, ErrorClass>> = {
  authentication_failed: "auth",
  oauth_org_not_allowed: "auth",
  account_on_hold: "auth",
  verification_required: "auth",
  cloud_credential_error: "auth",
  billing_error: "billing",
  rate_limit: "rate_limit",
  overloaded: "overloaded",
  server_error: "overloaded",
  invalid_request: "bad_request",
  model_not_found: "config",
};

const BY_STATUS: Readonly<Record<number, ErrorClass>> = {
  400: "bad_request",
  401: "auth",
  402: "billing",
  403: "auth",
  404: "config",
  408: "timeout",
  413: "context_too_long",
  429: "rate_limit",
  504: "timeout",
};

/** Only for failures that come with no code at all. */
const BY_WORDS: readonly (readonly [RegExp, ErrorClass])[] = [
  [/no conversation found with session id/iu, "resume_not_found"],
  [/timed out|timeout/iu, "timeout"],
  [/ENOSPC|no space left/u, "disk_full"],
  [/ECONN|EPIPE|ENOTFOUND|socket|connection|network|fetch failed|stream/iu, "network"],
];

export function classify({ terminalReason, apiError, httpStatus, message }: FailureSigns): ErrorClass {
  return (
    BY_REASON[terminalReason ?? ""] ??
    BY_API_ERROR[apiError ?? ""] ??
    (httpStatus === undefined
      ? undefined
      : (BY_STATUS[httpStatus] ?? (httpStatus >= 500 ? "overloaded" : undefined))) ??
    BY_WORDS.find(([words]) => words.test(message))?.[1] ??
    "unknown"
  );
}

const WORTH_RETRYING: ReadonlySet<ErrorClass> = new Set([
  "rate_limit",
  "overloaded",
  "network",
  "timeout",
  "engine_crash",
]);

const RECOVERY: Readonly<Partial<Record<ErrorClass, string>>> = {
  auth: "Check the model credential of this instance.",
  billing: "Check the balance and the spending limits of the model account.",
  rate_limit: "Try again when the limit of the model account resets.",
  overloaded: "Try again later; the model API is overloaded or failing.",
  network: "Try again; the connection to the model API broke.",
  timeout: "Try again; the model API did not answer in time.",
  context_too_long: "Ask for less at once, or start a new session.",
  config: "Check the model name and the settings of the engine.",
  engine_crash: "Resume the session to go on.",
  resume_not_found: "Start a new session; the earlier one is not in this home.",
  disk_full: "Give the sandbox more disk.",
};

export function errorEvent(errorClass: ErrorClass, message: string): ErrorEvent {
  const recovery = RECOVERY[errorClass];
  return {
    type: "error",
    data: {
      class: errorClass,
      severity: "error",
      message,
      retryable: WORTH_RETRYING.has(errorClass),
      ...(recovery === undefined ? {} : { recovery }),
    },
  };
}
