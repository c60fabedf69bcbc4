import type { Logger } from "@agency/core";
import type { ApiMetrics } from "../deps.ts";
import type { ApiMiddleware } from "../env.ts";

/** Asked every few seconds by machines; a line each would bury the rest. */
const QUIET = new Set(["/healthz", "/readyz", "/metrics"]);
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** One line and one count for every request, refused ones included. Never the query: it holds search words. */
export function requestLog(deps: {
  logger: Logger;
  metrics: Pick<ApiMetrics, "httpRequest">;
}): ApiMiddleware {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const { status } = c.res;
    const { method, path } = c.req;
    const route = c.get("route") ?? "unmatched";
    deps.metrics.httpRequest(METHODS.has(method) ? method : "other", route, status);
    const facts = {
      requestId: c.get("requestId"),
      method,
      path: path.slice(0, 200),
      status,
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
    };
    if (QUIET.has(route) && status < 500) deps.logger.debug(facts, "answered");
    else deps.logger.info(facts, "answered");
  };
}
