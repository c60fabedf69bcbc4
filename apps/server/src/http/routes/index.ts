import type { ApiDeps } from "../deps.ts";
import type { Route } from "../route.ts";
import { createEventStreams } from "../sse.ts";
import { answerRoutes } from "./answers.ts";
import { artifactRoutes } from "./artifacts.ts";
import { auditRoutes } from "./audit.ts";
import { budgetRoutes } from "./budget.ts";
import { checkpointRoutes } from "./checkpoints.ts";
import { deviceRoutes } from "./devices.ts";
import { docsRoutes } from "./docs.ts";
import { engineRoutes } from "./engines.ts";
import { eventRoutes } from "./events.ts";
import { feedRoutes } from "./feed.ts";
import { healthRoutes } from "./health.ts";
import { limitRoutes } from "./limits.ts";
import { messageRoutes } from "./messages.ts";
import { metricsRoutes } from "./metrics.ts";
import { networkRoutes } from "./network.ts";
import { overviewRoutes } from "./overview.ts";
import { pairingRoutes } from "./pairing.ts";
import { pauseRoutes } from "./pauses.ts";
import { providerRoutes } from "./providers.ts";
import { sandboxRoutes } from "./sandboxes.ts";
import { retentionRoutes } from "./retention.ts";
import { secretRoutes } from "./secrets.ts";
import { signInRoutes } from "./sign-in.ts";
import { statusRoutes } from "./status.ts";
import { taskRoutes } from "./tasks.ts";
import { templateRoutes } from "./templates.ts";
import { uploadRoutes } from "./uploads.ts";

export function apiRoutes(deps: ApiDeps): Route[] {
  const streams = createEventStreams(deps);
  const api = [
    ...taskRoutes(deps),
    ...messageRoutes(deps),
    ...pauseRoutes(deps),
    ...answerRoutes(deps),
    ...limitRoutes(deps),
    ...eventRoutes({ ...deps, streams }),
    ...feedRoutes({ ...deps, streams }),
    ...sandboxRoutes(deps),
    ...artifactRoutes(deps),
    ...checkpointRoutes(deps),
    ...uploadRoutes(deps),
    ...budgetRoutes(deps),
    ...networkRoutes(deps),
    ...retentionRoutes(deps),
    ...secretRoutes(deps),
    ...engineRoutes(deps),
    ...providerRoutes(deps),
    ...statusRoutes(deps),
    ...auditRoutes(deps),
    ...overviewRoutes(deps),
    ...templateRoutes(deps),
    ...signInRoutes(deps),
    ...pairingRoutes(deps),
    ...deviceRoutes(deps),
    ...healthRoutes(deps),
    ...metricsRoutes(deps),
  ];
  return [...api, ...docsRoutes(deps, api)];
}
