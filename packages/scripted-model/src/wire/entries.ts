import type { Entry, ToolResult } from "../scripts/request.ts";

/** What tools brought since the model last answered. */
export function lastResultsIn(entries: readonly Entry[]): readonly ToolResult[] {
  const since = entries.slice(entries.findLastIndex((entry) => entry.kind === "assistant") + 1);
  return since.flatMap((entry) => (entry.kind === "results" ? entry.results : []));
}
