import { providerListSchema } from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

const list = {
  policy: "key",
  method: "get",
  path: "/v1/providers",
  operationId: "listProviders",
  tag: "Instance",
  summary: "List providers",
  description: "The places tasks can run in, with the checks of each and how it holds its limits.",
  responses: { 200: { description: "Every provider, ready or not.", schema: providerListSchema } },
} as const;

export function providerRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [route(list, async () => ({ status: 200, body: { providers: await useCases.providers() } }))];
}
