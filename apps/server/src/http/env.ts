import type { HttpBindings } from "@hono/node-server";
import type { Caller } from "@agency/control";
import type { Context, MiddlewareHandler } from "hono";
import type { Upgrade } from "./upgrade.ts";

/** What travels with a request. The bindings are empty when a test calls the app without a socket. */
export interface ApiEnv {
  Bindings: Partial<HttpBindings> & { upgrade?: Upgrade };
  Variables: {
    requestId: string;
    /** The template of the route that took the request. */
    route: string | undefined;
    caller: Caller | undefined;
    visiting: Visiting;
  };
}

/** Where a request comes from, as far as the server itself or a proxy of ours saw. */
export interface Visiting {
  address: string;
  userAgent: string;
  https: boolean;
  /** As the browser called us, port included. */
  host: string;
  /** The name means the browser's own machine, and the request comes from there. */
  loopback: boolean;
}

export type ApiContext = Context<ApiEnv>;
export type ApiMiddleware = MiddlewareHandler<ApiEnv>;
