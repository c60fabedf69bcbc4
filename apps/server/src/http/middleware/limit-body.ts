import { AgencyError } from "@agency/contract";
import { bodyLimit } from "hono/body-limit";
import type { Env, MiddlewareHandler } from "hono";

/** Runs after authorisation, so that a stranger makes the server hold nothing. */
export function limitBody<E extends Env>(maxBytes: number): MiddlewareHandler<E> {
  const refuse = (): never => {
    throw new AgencyError("payload_too_large", `The body is over ${maxBytes} bytes.`);
  };
  const counted = bodyLimit({ maxSize: maxBytes, onError: refuse });
  return async (c, next) => {
    const length = c.req.header("content-length");
    // Node holds a body to the length it declares; only one without a length must be counted.
    if (length === undefined) return counted(c, next);
    if (Number(length) > maxBytes) refuse();
    await next();
  };
}
