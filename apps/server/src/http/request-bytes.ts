import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";

/** Missing where an app is called without a listener. */
export type RequestBindings = Partial<HttpBindings>;

/**
 * A large body as it comes, from Node's own stream where there is one: as a web stream it takes a third more of the
 * processor. Who stops reading leaves the connection open, for the answer.
 */
export function requestBytes<E extends { Bindings: RequestBindings }>(
  c: Context<E>,
): AsyncIterable<Uint8Array> {
  const bindings: RequestBindings | undefined = c.env;
  const incoming = bindings?.incoming;
  return incoming?.iterator({ destroyOnReturn: false }) ?? c.req.raw.body ?? new Blob([]).stream();
}
