import { AgencyError, EVENT_TYPES, eventPageSchema, MAX_PAGE, taskEventSchema } from "@agency/contract";
import type { EventPage } from "@agency/contract";
import type { Caller } from "@agency/control";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import type { ApiContext } from "../env.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import type { EventStreams } from "../sse.ts";
import { sendStreamOf } from "../stream.ts";
import { taskParams } from "./tasks.ts";

const seq = z.coerce.number().int().min(0);

const eventQuery = z.strictObject({
  after: seq.default(0).describe("Number of the last event already seen."),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE)
    .default(MAX_PAGE)
    .describe("Most events of one page; a stream has no pages."),
  types: z
    .string()
    .max(1000)
    .transform((value) => value.split(","))
    .pipe(z.array(z.literal(EVENT_TYPES)))
    .optional()
    .describe("Only events of these types, with commas between them."),
});
type EventQuery = z.output<typeof eventQuery>;

const read = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/events",
  operationId: "readEvents",
  tag: "Events",
  summary: "Read or follow what a task does",
  description:
    "One page as JSON; with `Accept: text/event-stream` everything after `after` and then each event as it " +
    "happens. In the stream `id` is the number of the event, `event` its type and `data` the event as JSON. " +
    "A stream that breaks is taken up again with `Last-Event-ID`. `event: reset` says that older events are " +
    "no longer kept and the stream goes on at `firstSeq`; `event: end` follows the last event of the task.",
  params: taskParams,
  query: eventQuery,
  headers: {
    "last-event-id": {
      description: "Number of the last event already seen; a browser sends it by itself. Wins over `after`.",
      schema: seq,
    },
  },
  responses: {
    200: {
      description: "Events, oldest first.",
      schema: eventPageSchema,
      content: { "text/event-stream": "The events as they happen." },
    },
  },
  problems: ["not_found"],
} as const;

const readOne = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/events/{seq}",
  operationId: "readEvent",
  tag: "Events",
  summary: "Read one event whole",
  description:
    "In pages and streams an event of more than 64 KiB is a preview with a `blob`; here it is whole.",
  params: taskParams.extend({ seq: z.coerce.number().int().min(1).describe("Number of the event.") }),
  responses: { 200: { description: "The event.", schema: taskEventSchema } },
  problems: ["not_found"],
} as const;

export function eventRoutes({
  useCases,
  signIn,
  streams,
}: Pick<ApiDeps, "useCases" | "signIn"> & { streams: EventStreams }): Route[] {
  function stream(c: ApiContext, caller: Caller, taskId: string, query: EventQuery): Response {
    const { types } = query;
    const after = lastEventId(c) ?? query.after;
    return sendStreamOf({ streams, signIn }, c, caller, (signal) =>
      useCases.followEvents({ taskId, after, signal, ...(types === undefined ? {} : { types }) }),
    );
  }

  return [
    route(readOne, async ({ params, caller }) => {
      const { id } = await useCases.getTask(caller.accountId, params.id);
      return { status: 200, body: await useCases.readEvent(id, params.seq) };
    }),
    route(read, async ({ params, query, caller }, c) => {
      // The log itself knows no accounts: this is what keeps one from reading another's.
      const { id } = await useCases.getTask(caller.accountId, params.id);
      if (wantsStream(c)) return stream(c, caller, id, query);
      const page = await useCases.readEvents(id, query.after, query.limit, query.types);
      return { status: 200, body: { ...page, nextAfter: nextAfter(page, query) } };
    }),
  ];
}

function wantsStream(c: ApiContext): boolean {
  return /(^|,)\s*text\/event-stream\s*(;|,|$)/i.test(c.req.header("accept") ?? "");
}

function lastEventId(c: ApiContext): number | null {
  const given = c.req.header("last-event-id");
  if (given === undefined || given === "") return null;
  const parsed = seq.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new AgencyError("invalid_request", "Last-Event-ID must be the number of an event.");
}

function nextAfter(
  { events, lastSeq }: Pick<EventPage, "events" | "lastSeq">,
  query: EventQuery,
): number | null {
  const last = events.at(-1)?.seq;
  return last !== undefined && events.length === query.limit && last < lastSeq ? last : null;
}
