import { z } from "zod";

/** Every error a client can meet, with the HTTP status it travels under. Codes never change meaning. */
export const ERROR_CODES = {
  invalid_request: 400,
  invalid_json: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  task_finished: 409,
  idempotency_in_flight: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  wrong_host: 421,
  idempotency_mismatch: 422,
  unknown_engine: 422,
  unknown_provider: 422,
  unsupported_option: 422,
  no_credential: 422,
  repository_unavailable: 422,
  unknown_blob: 422,
  fenced: 410,
  expired: 410,
  too_many_requests: 429,
  budget_exceeded: 402,
  storage_full: 507,
  internal: 500,
  upstream_failed: 502,
  unavailable: 503,
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;
const codes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];
export const errorCodeSchema = z.enum(codes);

/** RFC 9457 problem+json, with a stable code, the next step and the request id. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: errorCodeSchema,
  detail: z.string(),
  next: z.string().optional(),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export interface AgencyErrorOptions {
  next?: string;
  cause?: unknown;
  retryAfterMs?: number;
  errors?: { path: string; message: string }[];
  /** Of the request that failed, when a server answered: the place to look in its log. */
  requestId?: string;
}

/** The one error class that crosses packages. Compare `code`, never the message or the class. */
export class AgencyError extends Error {
  override readonly name = "AgencyError";
  readonly code: ErrorCode;
  readonly next: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly errors: { path: string; message: string }[] | undefined;
  readonly requestId: string | undefined;

  constructor(code: ErrorCode, message: string, options: AgencyErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.next = options.next;
    this.retryAfterMs = options.retryAfterMs;
    this.errors = options.errors;
    this.requestId = options.requestId;
  }
}

export function isAgencyError(error: unknown): error is AgencyError {
  return error instanceof Error && error.name === "AgencyError" && "code" in error;
}
