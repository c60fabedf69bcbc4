import { PRICE_TABLE } from "@agency/core";
import type { Credentials, Fence, Logger, ModelGate, PriceTable } from "@agency/core";
import { createConnectionCount } from "../egress/connection-count.ts";
import { anthropicApi } from "./anthropic/api.ts";
import { apiErrors } from "./api-error.ts";
import { billedCall } from "./billed-call.ts";
import { createCallLedger } from "./call-ledger.ts";
import { createCredentialPool } from "./credential-pool.ts";
import { freeCall } from "./free-call.ts";
import { createOpenaiApi } from "./openai/api.ts";
import { identify } from "./identify.ts";
import { createBodyRoom } from "./read-json-body.ts";
import { errorResponse } from "./route-context.ts";
import type { CallLimits, RouteContext } from "./route-context.ts";
import type { ModelVendor } from "./vendor.ts";

export interface ModelRoutesOptions {
  gate: ModelGate;
  credentials: Pick<Credentials, "forModel">;
  fence: Fence;
  /** Where each vendor's API is, or a server that speaks it. */
  baseUrls: Readonly<Record<ModelVendor, string>>;
  /** Answers the calls of demo tasks, of any vendor, in this process. */
  demo: (request: Request) => Promise<Response>;
  logger: Logger;
  prices?: PriceTable;
  limits?: Partial<CallLimits>;
  /** Milliseconds of any clock that does not jump. */
  now?: () => number;
  /** Milliseconds since 1970. */
  date?: () => number;
}

/**
 * A vendor's API as a sandbox sees it. `path` is what follows the route's own prefix, undecoded, with or
 * without its query. The response's body must be read or cancelled, and the request's signal should abort when
 * the engine goes away.
 */
export type ModelRoute = (request: Request, path: string) => Promise<Response>;

/** Bodies being read or sent, all callers and vendors together. */
const BODY_ROOM = { all: 256 * 1024 * 1024, each: 96 * 1024 * 1024 };
const PLACES = { perAttempt: 256, inAll: 4_000 };
const MINUTE = 60 * 1000;
const LIMITS: CallLimits = { bodyMs: 5 * MINUTE, callMs: 60 * MINUTE, headersMs: 10 * MINUTE };

export function createModelRoutes(options: ModelRoutesOptions): Record<ModelVendor, ModelRoute> {
  const { gate, credentials, fence, baseUrls, demo, logger } = options;
  const date = options.date ?? (() => Date.now());
  const shared = {
    gate,
    credentials,
    fence,
    demo,
    logger,
    date,
    now: options.now ?? (() => performance.now()),
    limits: { ...LIMITS, ...options.limits },
    ledger: createCallLedger(gate, logger),
    pool: createCredentialPool(date),
    room: createBodyRoom(BODY_ROOM),
    places: createConnectionCount(PLACES),
  };
  const openai = createOpenaiApi(options.prices ?? PRICE_TABLE);
  return {
    anthropic: routeOf({ ...shared, vendor: anthropicApi, baseUrl: baseUrls.anthropic }),
    openai: routeOf({ ...shared, vendor: openai, baseUrl: baseUrls.openai }),
  };
}

function routeOf(context: RouteContext): ModelRoute {
  return (request, path) => answer(context, request, pathOnly(path));
}

/** The query is read from the request. An engine's base URL ends where the path begins, so it may be empty. */
function pathOnly(path: string): string {
  const [before = ""] = path.split("?", 1);
  return before === "" ? "/" : before;
}

async function answer(context: RouteContext, request: Request, path: string): Promise<Response> {
  const { vendor } = context;
  const endpoint = vendor.findEndpoint(request.method, path);
  if (endpoint === null) {
    context.logger.warn(
      { vendor: vendor.id, method: request.method, path: path.slice(0, 200) },
      "A closed path of the model API was asked for.",
    );
    return errorResponse(vendor, apiErrors.closedPath(request.method, path, vendor.open));
  }
  // Asked by engines before they have anything to say. Says nothing of us or of the vendor.
  if (endpoint.kind === "hello")
    return request.method === "HEAD" ? new Response(null) : Response.json({ message: "hello" });
  const caller = await identify(context, request);
  if ("refusal" in caller) return errorResponse(vendor, caller.refusal);
  if (endpoint.kind === "billed") return billedCall(context, caller, endpoint, request);
  return freeCall(context, caller, endpoint, request);
}
