import { AgencyError, runnerEventBodySchema } from "@agency/contract";
import type { EventBatch, RunnerEventBody } from "@agency/contract";
import { isOutputOver, sanitizeEvent } from "@agency/core";
import type {
  AttemptAccess,
  EventRedaction,
  EventStore,
  Logger,
  Metrics,
  ReadyEvent,
  Storage,
} from "@agency/core";
import type { EventRate } from "./event-rate.ts";
import type { LogRedactions } from "./log-redactions.ts";
import { fencedError } from "../uplink/runner-access.ts";

export interface IngestDeps {
  events: EventStore;
  storage: Pick<Storage, "put">;
  metrics: Metrics;
  logger: Logger;
  rate: EventRate;
  redactions: LogRedactions;
  onActivity: (taskId: string, activity: string) => void;
  now: () => number;
}

type Incoming = EventBatch["events"][number];
type Preparing = IngestDeps & { redaction: EventRedaction };

/** Checks, cleans and stores a runner's batch; returns how far everything is stored. One bad event never fails its batch. */
export async function ingest(deps: IngestDeps, access: AttemptAccess, batch: EventBatch): Promise<number> {
  const retryAfterMs = deps.rate.take(access.attemptId, batch.events.length, access.eventsPerSecond);
  if (retryAfterMs > 0) throw tooFast(access, retryAfterMs);
  // Whoever is to end such a run may be away; what it makes us keep has its bound all the same.
  if (isOutputOver(access.outputBytes, access.outputLimit)) throw tooMuch(access);
  const { redaction, keep } = await deps.redactions.open(access);
  const ready: ReadyEvent[] = [];
  for (const [index, event] of batch.events.entries()) {
    ready.push(await prepare({ ...deps, redaction }, access, event, batch.from + index));
  }
  const result = await deps.events.append({
    taskId: access.taskId,
    epoch: access.epoch,
    from: batch.from,
    events: ready,
  });
  switch (result.verdict) {
    case "ok":
      keep();
      noteActivity(deps, access.taskId, ready);
      deps.metrics.eventsIngested(batch.events.length);
      return result.runnerSeq;
    case "gap":
      return result.runnerSeq;
    case "fenced":
    case "closed":
    case "missing":
      throw fencedError(access.epoch);
  }
}

function tooFast({ eventsPerSecond }: AttemptAccess, retryAfterMs: number): AgencyError {
  return new AgencyError("too_many_requests", `More than ${eventsPerSecond} events a second came.`, {
    retryAfterMs,
  });
}

function tooMuch({ outputLimit }: AttemptAccess): AgencyError {
  return new AgencyError("payload_too_large", `More than the limit of ${outputLimit} bytes was written.`);
}

async function prepare(
  deps: Preparing,
  access: AttemptAccess,
  incoming: Incoming,
  number: number,
): Promise<ReadyEvent> {
  const at = believableTime(incoming.at, deps.now());
  // Cleaned before it is checked: the schema recurses, and would not survive data nested 20,000 deep.
  const clean = sanitizeEvent(
    incoming.data,
    (data) => deps.redaction.redact({ type: incoming.type, data }).data,
  );
  const parsed = runnerEventBodySchema.safeParse({ type: incoming.type, data: clean.data });
  if (!parsed.success) {
    deps.metrics.eventsRefused(1);
    return { ...refusal(deps, incoming.type, parsed.error.issues[0]), at };
  }
  if (isOursToSay(parsed.data)) {
    deps.metrics.eventsRefused(1);
    return { ...refusal(deps, incoming.type, OURS), at };
  }
  const { type, data } = parsed.data;
  const event: ReadyEvent = { type, data, at };
  if (clean.sanitized) event.sanitized = true;
  if (clean.oversize !== undefined) event.blob = await keepWhole(deps, access, number, clean.oversize);
  return event;
}

const OURS = { path: ["kind"], message: "only the control plane delivers this" };

/** What is done from outside a sandbox is told by whoever did it. */
function isOursToSay({ type, data }: RunnerEventBody): boolean {
  return type === "delivery" && (data.kind === "pull_request" || data.kind === "review");
}

function refusal(
  deps: Preparing,
  type: string,
  issue: { path: PropertyKey[]; message: string } | undefined,
): Pick<ReadyEvent, "type" | "data"> {
  const where = issue ? ` at ${issue.path.map(String).join(".") || "its top"}: ${issue.message}` : "";
  const data: Extract<RunnerEventBody, { type: "notice" }>["data"] = {
    level: "warn",
    text: `The agent sent a "${type.slice(0, 64).toWellFormed()}" event that could not be kept${where.slice(0, 500)}.`,
  };
  return { type: "notice", data: deps.redaction.redact({ type: "notice", data }).data };
}

/** Named after the event's number: however often it is sent again, there is one blob. */
async function keepWhole(
  deps: IngestDeps,
  access: AttemptAccess,
  number: number,
  whole: string,
): Promise<{ key: string; bytes: number }> {
  const bytes = new TextEncoder().encode(whole);
  const key = `tasks/${access.taskId}/events/${access.epoch}-${number}.json`;
  await deps.storage.put(key, bytes);
  return { key, bytes: bytes.length };
}

/** A sandbox with a broken clock must not date events into another year. */
function believableTime(at: string, now: number): string {
  const given = Date.parse(at);
  const believable = Number.isFinite(given) && given > now - 7 * 86_400_000 && given <= now + 60_000;
  return new Date(believable ? given : now).toISOString();
}

function noteActivity(deps: IngestDeps, taskId: string, events: readonly ReadyEvent[]): void {
  const last = events.findLast((event) => event.type === "activity" || event.type === "tool_start");
  if (last === undefined) return;
  const data = last.data as { state?: string; note?: string; title?: string; name?: string };
  const words =
    last.type === "tool_start" ? `tool: ${data.title ?? data.name ?? ""}` : (data.note ?? data.state ?? "");
  deps.onActivity(taskId, words.slice(0, 200));
}
