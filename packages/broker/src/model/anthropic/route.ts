import type { Logger, ModelCaller, ModelGate } from "@agency/core";
import { createCallLedger } from "../call-ledger.ts";
import type { ModelUpstream } from "../model-upstream.ts";
import { createBodyRoom } from "../read-json-body.ts";
import { findEndpoint } from "./endpoints.ts";
import { apiErrors, errorResponse } from "./error-response.ts";
import type { ApiError } from "./error-response.ts";
import { passThrough } from "./pass-through.ts";
import { presentedKey } from "./placeholder.ts";
import { sendMessage } from "./send-message.ts";
import type { RouteContext } from "./route-context.ts";

export interface AnthropicRouteOptions {
  gate: ModelGate;
  upstream: (caller: ModelCaller) => ModelUpstream | Promise<ModelUpstream>;
  logger: Logger;
  fetch?: typeof globalThis.fetch;
  /** Milliseconds of any clock that does not jump. */
  now?: () => number;
}

/** Bodies being read or sent, all callers together. */
const BODY_ROOM = 256 * 1024 * 1024;

/**
 * The Anthropic API as a sandbox sees it. `path` is what follows the route's own prefix, undecoded, with or
 * without its query. The response's body must be read or cancelled, and the request's signal should abort when
 * the engine goes away.
 */
export function createAnthropicRoute(
  options: AnthropicRouteOptions,
): (request: Request, path: string) => Promise<Response> {
  const context: RouteContext = {
    gate: options.gate,
    upstream: options.upstream,
    logger: options.logger,
    fetch: options.fetch ?? globalThis.fetch,
    now: options.now ?? (() => performance.now()),
    ledger: createCallLedger(options.gate, options.logger),
    room: createBodyRoom(BODY_ROOM),
  };
  return (request, path) => answer(context, request, pathOnly(path));
}

/** The query is read from the request. An engine's base URL ends where the path begins, so it may be empty. */
function pathOnly(path: string): string {
  const [before = ""] = path.split("?", 1);
  return before === "" ? "/" : before;
}

async function answer(context: RouteContext, request: Request, path: string): Promise<Response> {
  const endpoint = findEndpoint(request.method, path);
  if (endpoint === null) {
    context.logger.warn(
      { method: request.method, path: path.slice(0, 200) },
      "A closed path of the model API was asked for.",
    );
    return errorResponse(apiErrors.closedPath(request.method, path));
  }
  // Asked by engines before they have anything to say. Says nothing of us or of the vendor.
  if (endpoint.kind === "hello")
    return request.method === "HEAD" ? new Response(null) : Response.json({ message: "hello" });
  const caller = await identify(context, request);
  if ("refusal" in caller) return errorResponse(caller.refusal);
  if (endpoint.kind === "messages") return sendMessage(context, caller, endpoint, request);
  return passThrough(context, caller, endpoint, request);
}

async function identify(
  context: RouteContext,
  request: Request,
): Promise<ModelCaller | { refusal: ApiError }> {
  const key = presentedKey(request.headers);
  if (key === null) return { refusal: apiErrors.noKey() };
  try {
    const caller = await context.gate.authorize(key);
    if (!("refused" in caller)) return caller;
    if (caller.refused === "fenced") return { refusal: apiErrors.fenced() };
    context.logger.warn({ method: request.method }, "A model call came with a key that is not this run's.");
    return { refusal: apiErrors.foreignKey() };
  } catch (error) {
    context.logger.error(
      { cause: error instanceof Error ? error.message : "unknown" },
      "A key could not be checked.",
    );
    return { refusal: apiErrors.gateDown() };
  }
}
