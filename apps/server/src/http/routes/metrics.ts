import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

const show = {
  method: "get",
  path: "/metrics",
  operationId: "getMetrics",
  tag: "Health",
  summary: "Prometheus metrics",
  description: "Needs a key unless the instance is set to serve them to everybody.",
  responses: { 200: { description: "Metrics.", content: { "text/plain": "Prometheus text format." } } },
} as const;

export function metricsRoutes({ metrics, metricsPage }: Pick<ApiDeps, "metrics" | "metricsPage">): Route[] {
  if (metricsPage === "off") return [];
  return [
    route({ ...show, policy: metricsPage }, async (_input, c) => {
      const { contentType, text } = await metrics.render();
      return c.body(text, 200, { "content-type": contentType });
    }),
  ];
}
