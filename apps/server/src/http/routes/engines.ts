import { engineListSchema } from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

const list = {
  policy: "key",
  method: "get",
  path: "/v1/engines",
  operationId: "listEngines",
  tag: "Instance",
  summary: "List engines",
  description: "The agent programs this instance can run, and whether each could create a file here.",
  responses: { 200: { description: "Every engine, ready or not.", schema: engineListSchema } },
} as const;

export function engineRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [route(list, async () => ({ status: 200, body: { engines: await useCases.engines() } }))];
}
