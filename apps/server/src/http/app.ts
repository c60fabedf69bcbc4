import { AgencyError } from "@agency/contract";
import { Hono } from "hono";
import type { ApiDeps } from "./deps.ts";
import type { ApiContext, ApiEnv } from "./env.ts";
import { checkHost } from "./middleware/host.ts";
import { checkOrigin } from "./middleware/origin.ts";
import { requestId } from "./middleware/request-id.ts";
import { requestLog } from "./middleware/request-log.ts";
import { secureHeaders } from "./middleware/secure-headers.ts";
import { visiting } from "./middleware/visiting.ts";
import { echo, toRefusal } from "./problem.ts";
import { assertPolicies, registerRoutes, routerPath } from "./register.ts";
import type { Route } from "./route.ts";
import { apiRoutes } from "./routes/index.ts";

export type ApiApp = Pick<Hono<ApiEnv>, "fetch" | "request" | "routes">;

/** The public HTTP API. Throws when a route has no authorisation policy. */
export function createApiApp(deps: ApiDeps): ApiApp {
  return buildApp(deps, apiRoutes(deps));
}

export function buildApp(deps: ApiDeps, routes: readonly Route[]): ApiApp {
  const app = new Hono<ApiEnv>();
  app.use(requestId, requestLog(deps), secureHeaders, visiting(deps.trustedProxies));
  app.use(checkHost(deps.hosts), checkOrigin);
  registerRoutes(app, routes, deps);
  assertPolicies(app, routes);
  app.notFound(async (c) => (await deps.web.answer(c)) ?? answerUnmatched(routes, c));
  app.onError((error, c) => answerError(deps, error, c));
  return app;
}

/** The one place where an error becomes an answer. */
function answerError(deps: Pick<ApiDeps, "logger">, error: unknown, c: ApiContext): Response {
  const id = c.get("requestId");
  const { body, status, headers } = toRefusal(error, id);
  const facts = { err: error, requestId: id, method: c.req.method, path: c.req.path };
  if (status === 500) deps.logger.error(facts, "a request failed");
  else if (status > 500) deps.logger.warn(facts, "a request could not be served now");
  return c.body(JSON.stringify(body), { status, headers });
}

function answerUnmatched(routes: readonly Route[], c: ApiContext): Response {
  const methods = methodsAt(routes, c.req.path);
  if (methods.length === 0) {
    throw new AgencyError("not_found", `There is nothing at ${echo(c.req.path)}.`, {
      next: "The paths are listed at /docs.",
    });
  }
  c.header("allow", methods.join(", "));
  if (c.req.method === "OPTIONS") return c.body(null, 204);
  throw new AgencyError("method_not_allowed", `${echo(c.req.method)} is not possible here.`, {
    next: `Possible: ${methods.join(", ")}.`,
  });
}

function methodsAt(routes: readonly Route[], path: string): string[] {
  const matching = routes.filter(({ spec }) => isMatch(routerPath(spec.path), path));
  const methods = new Set(matching.map(({ spec }) => spec.method.toUpperCase()));
  if (methods.size === 0) return [];
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods.add("OPTIONS")].toSorted();
}

function isMatch(template: string, path: string): boolean {
  const wanted = template.split("/");
  const given = path.split("/");
  return (
    wanted.length === given.length &&
    wanted.every((part, i) => part === given[i] || (part.startsWith(":") && given[i] !== ""))
  );
}
