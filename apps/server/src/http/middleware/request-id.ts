import { randomUUID } from "node:crypto";
import type { ApiMiddleware } from "../env.ts";

/** What a caller may bring: nothing that could forge a log line or a header. */
const SANE = /^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/;

export const requestId: ApiMiddleware = async (c, next) => {
  const given = c.req.header("x-request-id");
  const id = given !== undefined && SANE.test(given) ? given : randomUUID();
  c.set("requestId", id);
  c.header("x-request-id", id);
  await next();
};
