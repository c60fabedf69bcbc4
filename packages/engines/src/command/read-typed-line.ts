import { askBodySchema, runnerEventBodySchema } from "@agency/contract";
import type { Question, RunnerEventBody } from "@agency/contract";
import type { EngineEvent } from "@agency/core";

export const TYPED_PREFIX = "::agency::";

/** What the engine says itself, and what only the control plane may say of the result. */
const NOT_FOR_PROGRAMS = ["session", "turn_end", "delivery", "restored", "check", "checkpoint"] as const;
type Reserved = (typeof NOT_FOR_PROGRAMS)[number];

export interface AskLine {
  id: string;
  questions: Question[];
}

export type TypedLine = { event: EngineEvent } | { ask: AskLine } | { refused: string };

/**
 * A line of the form `::agency::{"type":…,"data":{…}}` is an event, `::agency::{"type":"ask","id":…,"questions":[…]}`
 * wants to be answered, anything else is refused with the reason. Never throws.
 */
export function readTypedLine(line: string): TypedLine {
  const body = parseJson(line.slice(TYPED_PREFIX.length));
  if (body === undefined) return { refused: "it is not JSON" };
  if (isAsk(body)) return readAsk(body);
  const parsed = runnerEventBodySchema.safeParse(body);
  if (!parsed.success) return { refused: `it is no event of the contract (${firstIssue(parsed.error)})` };
  const event = parsed.data;
  if (isReserved(event)) return { refused: `a program cannot say ${event.type} itself` };
  return { event };
}

function isReserved(event: RunnerEventBody): event is Extract<RunnerEventBody, { type: Reserved }> {
  return NOT_FOR_PROGRAMS.some((type) => type === event.type);
}

function isAsk(body: unknown): body is object {
  return typeof body === "object" && body !== null && "type" in body && body.type === "ask";
}

function readAsk(body: object): TypedLine {
  const parsed = askBodySchema.safeParse({ ...body, kind: "question" });
  if (!parsed.success) return { refused: `it asks nothing (${firstIssue(parsed.error)})` };
  if (parsed.data.kind !== "question") return { refused: "it asks nothing" };
  return { ask: { id: parsed.data.id, questions: parsed.data.questions } };
}

type Issues = { issues: readonly { message: string; path: readonly PropertyKey[] }[] };

function firstIssue({ issues: [issue] }: Issues): string {
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  return `${issue?.message ?? "unknown"}${where}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
