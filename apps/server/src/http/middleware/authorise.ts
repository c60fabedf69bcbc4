import type { ApiKeys } from "@agency/control";
import type { ApiMiddleware } from "../env.ts";

/** Who may use a route. There is no default: a route without a policy does not start. */
export const POLICIES = ["public", "key"] as const;
export type Policy = (typeof POLICIES)[number];

export function authorise(policy: Policy, apiKeys: Pick<ApiKeys, "authenticate">): ApiMiddleware {
  return async (c, next) => {
    if (policy === "key") c.set("caller", await apiKeys.authenticate(c.req.header("authorization")));
    await next();
  };
}
