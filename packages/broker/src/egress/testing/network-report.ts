import { eventBodySchema } from "@agency/contract";
import type { NetworkReport } from "../sum-reports.ts";

/** The report as the log would take it; throws when it would not. */
export function networkReport(data: unknown): NetworkReport {
  const body = eventBodySchema.parse({ type: "network", data });
  if (body.type !== "network") throw new Error("not a report");
  return body.data;
}
