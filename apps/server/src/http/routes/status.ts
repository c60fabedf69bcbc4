import { statusSchema } from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

const show = {
  policy: "key",
  method: "get",
  path: "/v1/status",
  operationId: "getStatus",
  tag: "Instance",
  summary: "Show the instance",
  description: "Version, roles, tasks by state, checks, and every setting with where it was set.",
  responses: { 200: { description: "The instance.", schema: statusSchema } },
} as const;

export function statusRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [route(show, async () => ({ status: 200, body: await useCases.status() }))];
}
