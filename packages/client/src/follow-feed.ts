import { AgencyError, feedUpdateSchema, isAgencyError } from "@agency/contract";
import type { FeedUpdate } from "@agency/contract";
import type { EventSourceMessage } from "eventsource-parser";
import { backOffMs } from "./back-off.ts";
import { open } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { unreachable } from "./failure.ts";
import type { FollowClock } from "./follow-events.ts";
import { readMessages } from "./sse.ts";

export type FeedState =
  | { state: "live" }
  | { state: "reconnecting"; attempt: number; inMs: number; error: AgencyError };

export interface FeedOptions {
  /** Ends the iteration quietly. */
  signal?: AbortSignal;
  onState?: (state: FeedState) => void;
}

/**
 * Every task of the account as it changes: first a snapshot, then changes. A lost connection is taken up where
 * it broke, or begins with a snapshot again; it is tried for ever, as a page stays open for ever. Throws what
 * waiting cannot cure, such as a session that has ended.
 */
export async function* followFeed(
  connection: Connection,
  clock: FollowClock,
  options: FeedOptions,
): AsyncGenerator<FeedUpdate> {
  const signal = options.signal ?? new AbortController().signal;
  const place = { id: null as string | null, attempt: 0 };
  while (!signal.aborted) {
    try {
      yield* readConnection(connection, clock, place, options, signal);
      throw new AgencyError("unavailable", "The server closed the feed.");
    } catch (error) {
      if (signal.aborted) return;
      const failure = isAgencyError(error) ? error : unreachable(connection.baseUrl, error);
      if (!passes(failure)) throw failure;
      place.attempt += 1;
      const inMs = Math.max(failure.retryAfterMs ?? 0, backOffMs(place.attempt, clock.random()));
      options.onState?.({ state: "reconnecting", attempt: place.attempt, inMs, error: failure });
      await clock.sleep(inMs, signal);
    }
  }
}

async function* readConnection(
  connection: Connection,
  clock: FollowClock,
  place: { id: string | null; attempt: number },
  options: FeedOptions,
  signal: AbortSignal,
): AsyncGenerator<FeedUpdate> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error("the connection went silent")), clock.silenceMs);
  };
  const headers = {
    accept: "text/event-stream",
    ...(place.id === null ? {} : { "last-event-id": place.id }),
  };
  heard();
  try {
    const both = AbortSignal.any([signal, silence.signal]);
    const response = await open(connection, { path: "/v1/feed", headers, signal: options.signal }, both);
    options.onState?.({ state: "live" });
    for await (const message of readMessages(response, heard)) {
      place.attempt = 0;
      const update = parseUpdate(message, connection.baseUrl);
      // The place is moved before the update is handed out: whoever takes it has it.
      place.id = message.id ?? place.id;
      if (update !== null) yield update;
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

const KNOWN: ReadonlySet<string | undefined> = new Set<FeedUpdate["type"]>(["snapshot", "change"]);

/** Null for a kind of frame this version does not know. One it should know must not be lost: tasks would stand still. */
function parseUpdate({ event, data }: EventSourceMessage, baseUrl: string): FeedUpdate | null {
  if (!KNOWN.has(event)) return null;
  const parsed = feedUpdateSchema.safeParse(jsonOf(data));
  if (parsed.success) return parsed.data;
  throw new AgencyError(
    "upstream_failed",
    `${baseUrl} sends tasks in a form this version does not understand.`,
    {
      next: "Reload the page: the server may have been updated.",
      cause: parsed.error,
    },
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function passes({ code }: AgencyError): boolean {
  return code === "unavailable" || code === "too_many_requests" || code === "internal";
}
