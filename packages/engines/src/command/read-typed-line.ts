import { runnerEventBodySchema } from "@agency/contract";
import type { EngineEvent } from "@agency/core";

export const TYPED_PREFIX = "::agency::";

/** What the engine says itself, and what only the control plane may say of the result. */
const NOT_FOR_PROGRAMS: ReadonlySet<string> = new Set(["session", "turn_end", "delivery"]);

export type TypedLine = { event: EngineEvent } | { refused: string };

/** A line of the form `::agency::{"type":…,"data":{…}}`: an event, or why it is none. Never throws. */
export function readTypedLine(line: string): TypedLine {
  const body = parseJson(line.slice(TYPED_PREFIX.length));
  if (body === undefined) return { refused: "it is not JSON" };
  const parsed = runnerEventBodySchema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
    return { refused: `it is no event of the contract (${issue?.message ?? "unknown"}${where})` };
  }
  const event = parsed.data;
  if (event.type === "delivery" || NOT_FOR_PROGRAMS.has(event.type))
    return { refused: `a program cannot say ${event.type} itself` };
  return { event };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
