import type { Credentials, Fence, Logger, ModelCaller, ModelGate } from "@agency/core";
import { apiErrors } from "./api-error.ts";
import type { ApiError } from "./api-error.ts";
import type { CallLedger } from "./call-ledger.ts";
import type { ConnectionCount } from "../egress/connection-count.ts";
import { attemptKey } from "../reports/attempt-reports.ts";
import type { CredentialPool } from "./credential-pool.ts";
import { HOLD_HEADER } from "@agency/contract";
import type { WaitReason } from "@agency/contract";
import type { UpstreamFailure } from "./model-upstream.ts";
import { readJsonBody } from "./read-json-body.ts";
import type { BodyProblem, BodyRoom, JsonBody } from "./read-json-body.ts";
import type { VendorApi } from "./vendor.ts";

export interface RouteContext {
  readonly vendor: VendorApi;
  readonly gate: ModelGate;
  readonly credentials: Pick<Credentials, "forModel">;
  readonly fence: Fence;
  readonly baseUrl: string;
  readonly demo: (request: Request) => Promise<Response>;
  readonly logger: Logger;
  readonly limits: CallLimits;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
  /** Milliseconds since 1970, as vendors give resets. */
  readonly date: () => number;
  readonly ledger: CallLedger;
  readonly pool: CredentialPool;
  readonly room: BodyRoom;
  readonly places: ConnectionCount;
}

export interface CallLimits {
  /** Longest time in which a request may arrive. */
  readonly bodyMs: number;
  /** Longest life of one call. */
  readonly callMs: number;
  /** Longest wait for the vendor's answer to begin. */
  readonly headersMs: number;
}

const FULL_MS = 1000;
/** The vendor's own limit. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Answers in one piece: an error, a list, a message that is not streamed. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

const BODY_ERRORS: Record<BodyProblem, ApiError> = {
  encoded: apiErrors.encoded(),
  too_large: apiErrors.tooLarge(MAX_BODY_BYTES),
  crowded: apiErrors.crowded(),
  aborted: apiErrors.callerGone(),
  slow: apiErrors.slowBody(),
  not_json: apiErrors.badRequest("The request body is not a JSON object."),
};

/**
 * A step that may end the call. Never told apart by `instanceof Response`: servers put a Response of their own
 * in the place of the global one.
 */
export interface Refusal {
  readonly refusal: ApiError;
}

/** The call cannot be made now; whoever holds the engine's request asks again. */
export interface Hold {
  readonly hold: WaitReason | "busy";
  readonly retryMs: number;
  readonly message: string;
}

export async function openBody(
  context: RouteContext,
  { taskId }: ModelCaller,
  request: Request,
): Promise<JsonBody | Refusal> {
  const { room, limits } = context;
  const body = await readJsonBody(request, room.of(taskId), { bytes: MAX_BODY_BYTES, ms: limits.bodyMs });
  return "problem" in body ? { refusal: BODY_ERRORS[body.problem] } : body;
}

/** An error as the vendor would say it, so that every engine shows its message. */
export function errorResponse(vendor: VendorApi, error: ApiError): Response {
  return new Response(JSON.stringify(vendor.errorBody(error)), {
    status: error.status,
    headers: { "content-type": "application/json", "x-should-retry": String(error.retry) },
  });
}

export function holdResponse(vendor: VendorApi, { hold, retryMs, message }: Hold): Response {
  const response = errorResponse(vendor, apiErrors.held(message));
  response.headers.set(HOLD_HEADER, hold);
  response.headers.set("retry-after", String(Math.max(1, Math.ceil(retryMs / 1000))));
  return response;
}

/** A place among the calls under way, or the wait for one: an engine that opens thousands fills its own share only. */
export function takePlace({ places }: RouteContext, caller: ModelCaller): (() => void) | Hold {
  const place = places.enter(attemptKey(caller));
  return typeof place === "function" ? place : { hold: "busy", retryMs: FULL_MS, message: place.message };
}

export function failureError(context: RouteContext, caller: ModelCaller, failure: UpstreamFailure): ApiError {
  if (failure.failed !== "aborted") {
    context.logger.warn(
      { taskId: caller.taskId, epoch: caller.epoch, vendor: context.vendor.id, ...failure },
      "The model API gave no answer.",
    );
  }
  switch (failure.failed) {
    case "aborted":
      return apiErrors.callerGone();
    case "malformed":
      return apiErrors.malformedUpstream();
    case "redirected":
      return apiErrors.redirected();
    case "slow":
      return apiErrors.slow(failure.code);
    case "unreachable":
      return apiErrors.unreachable(failure.code);
  }
}

export function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
