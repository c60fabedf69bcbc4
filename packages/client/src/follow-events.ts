import { AgencyError, isAgencyError } from "@agency/contract";
import type { EventType, TaskEvent } from "@agency/contract";
import { backOffMs } from "./back-off.ts";
import { open } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { readStep } from "./event-cursor.ts";
import { unreachable } from "./failure.ts";
import { readMessages } from "./sse.ts";

export type StreamState =
  | { state: "live" }
  | { state: "reconnecting"; attempt: number; inMs: number; error: AgencyError }
  /** Events before `firstSeq` are no longer kept. */
  | { state: "purged"; firstSeq: number };

export interface FollowOptions {
  /** Number of the last event already seen. */
  after?: number;
  types?: EventType[];
  /** Ends the iteration quietly. */
  signal?: AbortSignal;
  onState?: (state: StreamState) => void;
}

export interface FollowClock {
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  random: () => number;
  /** The server says something every 15 s; a connection silent for longer is dead. */
  silenceMs: number;
  /** Longest outage that is waited for, counted in waiting time. */
  giveUpAfterMs: number;
}

/**
 * The events of a task as they happen, each exactly once and in order, until the one that ends the
 * task. A lost connection is taken up again where it broke. Only the first connection may fail at once.
 */
export async function* followEvents(
  connection: Connection,
  clock: FollowClock,
  id: string,
  options: FollowOptions,
): AsyncGenerator<TaskEvent> {
  const signal = options.signal ?? new AbortController().signal;
  const after = options.after ?? 0;
  const follow: Follow = { connection, clock, id, options, signal, after, opened: false, alive: false };
  const outage = { attempt: 0, waitedMs: 0, gapAt: -1 };
  while (!signal.aborted) {
    follow.alive = false;
    try {
      if (yield* readConnection(follow)) return;
      throw new AgencyError("unavailable", "The server closed the event stream.");
    } catch (error) {
      if (signal.aborted) return;
      if (follow.alive) Object.assign(outage, { attempt: 0, waitedMs: 0 });
      const failure = retryable(error, outage, follow);
      outage.attempt += 1;
      const inMs = Math.max(failure.retryAfterMs ?? 0, backOffMs(outage.attempt, clock.random()));
      outage.waitedMs += inMs;
      if (outage.waitedMs > clock.giveUpAfterMs) throw failure;
      options.onState?.({ state: "reconnecting", attempt: outage.attempt, inMs, error: failure });
      await clock.sleep(inMs, signal);
    }
  }
}

interface Follow {
  connection: Connection;
  clock: FollowClock;
  id: string;
  options: FollowOptions;
  signal: AbortSignal;
  after: number;
  /** The server agreed to the stream at least once. */
  opened: boolean;
  /** It said something on the present connection. */
  alive: boolean;
}

class GapError extends Error {
  override readonly name = "GapError";
}

/** True when the task's last event was seen. */
async function* readConnection(follow: Follow): AsyncGenerator<TaskEvent, boolean> {
  const { connection, clock, options } = follow;
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error("the connection went silent")), clock.silenceMs);
  };
  const request = streamRequest(follow);
  heard();
  try {
    const response = await open(connection, request, AbortSignal.any([follow.signal, silence.signal]));
    follow.opened = true;
    options.onState?.({ state: "live" });
    const alive = () => {
      follow.alive = true;
      heard();
    };
    for await (const message of readMessages(response, alive)) {
      const step = readStep(message, follow.after, options.types !== undefined);
      if (step.kind === "end") return true;
      if (step.kind === "gap") throw new GapError(`an event is missing after ${follow.after}`);
      follow.after = step.after;
      if (step.kind === "reset") options.onState?.({ state: "purged", firstSeq: step.firstSeq });
      if (step.kind !== "event") continue;
      yield step.event;
      if (step.last) return true;
    }
    return false;
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

function streamRequest({ id, after, options }: Follow) {
  return {
    path: `/v1/tasks/${encodeURIComponent(id)}/events`,
    query: { after, types: options.types?.join(",") },
    headers: { accept: "text/event-stream", ...(after > 0 ? { "last-event-id": String(after) } : {}) },
    signal: options.signal,
  };
}

/** The failure to wait out; throws the one that waiting cannot cure. */
function retryable(error: unknown, outage: { gapAt: number }, follow: Follow): AgencyError {
  const { after, connection, opened } = follow;
  if (error instanceof GapError) {
    if (outage.gapAt === after)
      throw new AgencyError("upstream_failed", `The server leaves out event ${after + 1}.`);
    outage.gapAt = after;
    return new AgencyError("unavailable", error.message, { cause: error });
  }
  const failure = isAgencyError(error) ? error : unreachable(connection.baseUrl, error);
  const passes =
    failure.code === "unavailable" || failure.code === "too_many_requests" || failure.code === "internal";
  if (!passes || !opened) throw failure;
  return failure;
}
