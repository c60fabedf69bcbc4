import { AgencyError, EVENT_TYPES, TERMINAL_STATES, taskEventSchema } from "@agency/contract";
import type { TaskEvent } from "@agency/contract";

/** What one message of the stream means for whoever has seen everything up to `after`. */
export type Step =
  | { kind: "event"; event: TaskEvent; after: number; last: boolean }
  | { kind: "reset"; after: number; firstSeq: number }
  | { kind: "skip"; after: number }
  | { kind: "gap" }
  | { kind: "end" };

interface Message {
  event?: string | undefined;
  data: string;
}

/** `filtered`: only some types were asked for, so numbers are expected to be missing. */
export function readStep(message: Message, after: number, filtered: boolean): Step {
  if (message.event === "end") return { kind: "end" };
  const value = parseJson(message.data);
  if (message.event === "reset") return readReset(value, after);
  const seq = numberIn(value, "seq");
  if (seq === null) throw notUnderstood(null);
  if (seq <= after) return { kind: "skip", after };
  if (!filtered && seq !== after + 1) return { kind: "gap" };
  const event = parseEvent(value);
  if (event === null) return { kind: "skip", after: seq };
  return { kind: "event", event, after: seq, last: isTerminal(event) };
}

/** Null for a type this version does not know yet: the API may grow, and old clients go on. */
export function parseEvent(value: unknown): TaskEvent | null {
  const parsed = taskEventSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : null;
  if (typeof type === "string" && !EVENT_TYPES.some((known) => known === type)) return null;
  throw notUnderstood(parsed.error);
}

function readReset(value: unknown, after: number): Step {
  const firstSeq = numberIn(value, "firstSeq");
  if (firstSeq === null) throw notUnderstood(null);
  return { kind: "reset", firstSeq, after: Math.max(after, firstSeq - 1) };
}

function isTerminal(event: TaskEvent): boolean {
  return event.type === "status" && TERMINAL_STATES.some((state) => state === event.data.state);
}

function numberIn(value: unknown, name: string): number | null {
  if (typeof value !== "object" || value === null) return null;
  const found: unknown = Reflect.get(value, name);
  return typeof found === "number" ? found : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notUnderstood(error);
  }
}

function notUnderstood(cause: unknown): AgencyError {
  return new AgencyError("upstream_failed", "The server sent an event this version does not understand.", {
    next: "Check with `agency doctor` that server and client have the same version.",
    cause,
  });
}
