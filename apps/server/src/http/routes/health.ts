import { AgencyError } from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

const tag = "Health";

const live = {
  policy: "public",
  method: "get",
  path: "/healthz",
  operationId: "isAlive",
  tag,
  summary: "Is the process alive?",
  responses: { 200: { description: "It is.", schema: z.object({ status: z.literal("ok") }) } },
} as const;

const ready = {
  policy: "public",
  method: "get",
  path: "/readyz",
  operationId: "isReady",
  tag,
  summary: "Can it take work?",
  responses: { 200: { description: "It can.", schema: z.object({ status: z.literal("ready") }) } },
  problems: ["unavailable"],
} as const;

export function healthRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(live, () => ({ status: 200, body: { status: "ok" as const } })),
    route(ready, async () => {
      const missing = await useCases.notReady();
      if (missing.length === 0) return { status: 200, body: { status: "ready" as const } };
      throw new AgencyError("unavailable", `Not ready: ${missing.join(", ")}.`, { retryAfterMs: 1000 });
    }),
  ];
}
