import type { Hono } from "hono";
import type { ApiDeps } from "./deps.ts";
import type { ApiContext, ApiEnv, ApiMiddleware } from "./env.ts";
import { authorise, POLICIES } from "./middleware/authorise.ts";
import { parseRequest } from "./parse-request.ts";
import type { LooseAnswer, Route, RouteSpec } from "./route.ts";

/** `/v1/tasks/{id}` as the router writes it. */
export function routerPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

export function registerRoutes(
  app: Hono<ApiEnv>,
  routes: readonly Route[],
  deps: Pick<ApiDeps, "apiKeys" | "signIn">,
): void {
  for (const route of routes) {
    const { spec } = route;
    const letIn = authorise(spec.policy, deps);
    app.on([spec.method], [routerPath(spec.path)], nameRoute(spec), letIn, (c) => answer(route, c));
  }
}

/**
 * Nobody is let in by oversight: every handler the router knows must come from a spec with a policy.
 * Throws at start, so such a build never serves a request.
 */
export function assertPolicies(app: Hono<ApiEnv>, routes: readonly Route[]): void {
  const ruled = new Set<string>();
  for (const { spec } of routes) {
    const name = `${spec.method.toUpperCase()} ${routerPath(spec.path)}`;
    if (!POLICIES.includes(spec.policy)) throw new Error(`Route ${name} has no authorisation policy.`);
    ruled.add(name);
  }
  for (const { method, path } of app.routes) {
    const isMiddleware = method === "ALL" && path === "/*";
    if (isMiddleware || ruled.has(`${method} ${path}`)) continue;
    throw new Error(`Route ${method} ${path} has no authorisation policy.`);
  }
}

function nameRoute(spec: RouteSpec): ApiMiddleware {
  return async (c, next) => {
    c.set("route", spec.path);
    await next();
  };
}

async function answer({ spec, handle }: Route, c: ApiContext): Promise<Response> {
  const input = { ...(await parseRequest(spec, c)), caller: c.get("caller") };
  return present(await handle(input, c), c);
}

function present(answer: LooseAnswer, c: ApiContext): Response {
  if (isResponse(answer)) return answer;
  const { status, body, headers } = answer;
  if (body === undefined || status === 204) return c.body(null, status, headers);
  return c.body(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** By shape: the HTTP adapter replaces the global class, so a response made before that is not one of its instances. */
function isResponse(answer: LooseAnswer): answer is Response {
  return "arrayBuffer" in answer;
}
