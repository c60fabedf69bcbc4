import { AgencyError, feedUpdateSchema } from "@agency/contract";
import type { FeedFrame } from "@agency/control";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import type { ApiContext } from "../env.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import type { EventStreams } from "../sse.ts";
import { sendStreamOf } from "../stream.ts";

const PLACE = /^[0-9a-f-]{36}\.\d{1,15}$/;

const follow = {
  policy: "key",
  method: "get",
  path: "/v1/feed",
  operationId: "followFeed",
  tag: "Events",
  summary: "Follow every task at once",
  description:
    "A stream for lists: first a `snapshot`, then a `change` with the tasks that changed, as they are by now, at " +
    "most ten times a second. With `Last-Event-ID` it goes on where it broke, or begins with a snapshot again. " +
    "`event` is the `type` of the update in `data`.",
  headers: {
    "last-event-id": {
      description: "The id of the last frame seen; a browser sends it by itself.",
      schema: z.string().max(100),
    },
  },
  responses: {
    200: {
      description: "Updates, as long as the client stays.",
      schema: feedUpdateSchema,
      content: { "text/event-stream": "The updates." },
    },
  },
} as const;

export function feedRoutes({
  useCases,
  signIn,
  streams,
}: Pick<ApiDeps, "useCases" | "signIn"> & { streams: EventStreams }): Route[] {
  return [
    route(follow, ({ caller }, c) => {
      const place = lastPlace(c);
      return sendStreamOf({ streams, signIn }, c, caller, (signal) =>
        framesOf(useCases.followFeed(caller.accountId, place, signal)),
      );
    }),
  ];
}

/** An id of another server, or of before its restart, is no mistake: it gets a snapshot. */
function lastPlace(c: ApiContext): string | null {
  const given = c.req.header("last-event-id");
  if (given === undefined || given === "") return null;
  if (PLACE.test(given)) return given;
  throw new AgencyError("invalid_request", "Last-Event-ID must be the id of a frame of this feed.");
}

async function* framesOf(frames: AsyncGenerator<FeedFrame>): AsyncGenerator<string> {
  for await (const { id, update } of frames) {
    yield `id: ${id}\nevent: ${update.type}\ndata: ${JSON.stringify(update)}\n\n`;
  }
}
