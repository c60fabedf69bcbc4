import type { ApiDeps } from "../deps.ts";
import type { Route } from "../route.ts";
import { docsRoutes } from "./docs.ts";
import { engineRoutes } from "./engines.ts";
import { eventRoutes } from "./events.ts";
import { healthRoutes } from "./health.ts";
import { messageRoutes } from "./messages.ts";
import { metricsRoutes } from "./metrics.ts";
import { providerRoutes } from "./providers.ts";
import { statusRoutes } from "./status.ts";
import { taskRoutes } from "./tasks.ts";

export function apiRoutes(deps: ApiDeps): Route[] {
  const api = [
    ...taskRoutes(deps),
    ...messageRoutes(deps),
    ...eventRoutes(deps),
    ...engineRoutes(deps),
    ...providerRoutes(deps),
    ...statusRoutes(deps),
    ...healthRoutes(deps),
    ...metricsRoutes(deps),
  ];
  return [...api, ...docsRoutes(deps, api)];
}
