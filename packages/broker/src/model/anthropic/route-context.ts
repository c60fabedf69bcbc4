import type { Logger, ModelCaller, ModelGate } from "@agency/core";
import type { CallLedger } from "../call-ledger.ts";
import type { ModelUpstream, OpenUpstream, UpstreamFailure } from "../model-upstream.ts";
import { readJsonBody } from "../read-json-body.ts";
import type { BodyProblem, BodyRoom, JsonBody } from "../read-json-body.ts";
import { apiErrors } from "./error-response.ts";
import type { ApiError } from "./error-response.ts";

export interface RouteContext {
  readonly gate: ModelGate;
  readonly upstream: (caller: ModelCaller) => ModelUpstream | Promise<ModelUpstream>;
  readonly logger: Logger;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  readonly ledger: CallLedger;
  readonly room: BodyRoom;
}

/** The vendor's own limit. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Answers in one piece: an error, a list, a message that is not streamed. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

const BODY_ERRORS: Record<BodyProblem, ApiError> = {
  encoded: apiErrors.encoded(),
  too_large: apiErrors.tooLarge(MAX_BODY_BYTES),
  crowded: apiErrors.crowded(),
  aborted: apiErrors.callerGone(),
  not_json: apiErrors.badRequest("The request body is not a JSON object."),
};

/**
 * A step that may end the call. Never told apart by `instanceof Response`: servers put a Response of their own
 * in the place of the global one, and then what fetch gives is none.
 */
interface Refusal {
  refusal: ApiError;
}

export async function openBody(context: RouteContext, request: Request): Promise<JsonBody | Refusal> {
  const body = await readJsonBody(request, MAX_BODY_BYTES, context.room);
  return "problem" in body ? { refusal: BODY_ERRORS[body.problem] } : body;
}

export async function openUpstream(
  context: RouteContext,
  caller: ModelCaller,
): Promise<OpenUpstream | Refusal> {
  try {
    const upstream = await context.upstream(caller);
    return "refused" in upstream ? { refusal: apiErrors.noCredential(upstream.refused) } : upstream;
  } catch (error) {
    const cause = error instanceof Error ? error.message : "unknown";
    context.logger.error({ taskId: caller.taskId, cause }, "The model credential could not be read.");
    return { refusal: apiErrors.gateDown() };
  }
}

export function failureError(context: RouteContext, caller: ModelCaller, failure: UpstreamFailure): ApiError {
  if (failure.failed !== "aborted") {
    context.logger.warn(
      { taskId: caller.taskId, epoch: caller.epoch, ...failure },
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
