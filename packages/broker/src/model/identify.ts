import type { ModelCaller } from "@agency/core";
import { apiErrors } from "./api-error.ts";
import { causeOf } from "./route-context.ts";
import type { Refusal, RouteContext } from "./route-context.ts";

/** Whose key a request presents, and what holds for that run now. */
export async function identify(context: RouteContext, request: Request): Promise<ModelCaller | Refusal> {
  const key = context.vendor.presentedKey(request.headers);
  if (key === null) return { refusal: apiErrors.noKey() };
  try {
    const caller = await context.gate.authorize(context.vendor.id, key);
    if (!("refused" in caller)) return caller;
    if (caller.refused === "fenced") return { refusal: apiErrors.fenced() };
    context.logger.warn(
      { vendor: context.vendor.id, method: request.method },
      "A model call came with a key that is not this run's.",
    );
    return { refusal: apiErrors.foreignKey() };
  } catch (error) {
    context.logger.error({ cause: causeOf(error) }, "A key could not be checked.");
    return { refusal: apiErrors.gateDown() };
  }
}
