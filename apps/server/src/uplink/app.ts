import {
  AgencyError,
  ERROR_CODES,
  eventBatchSchema,
  finishedSchema,
  helloSchema,
  isAgencyError,
  UPLINK_PATHS,
} from "@agency/contract";
import type { EventBatch, Finished, Hello, WorkOrder } from "@agency/contract";
import { bearer } from "@agency/control";
import type { CommandFeed } from "@agency/control";
import type { AttemptAccess, Logger } from "@agency/core";
import { Hono } from "hono";
import type { Context } from "hono";
import type { z } from "zod";
import { lineStream } from "./line-stream.ts";

const MAX_BODY_BYTES = 16 * 1024 * 1024;

export interface UplinkDeps {
  /** Lets a runner's token in; throws `unauthenticated` or `fenced`. */
  access: (token: string) => Promise<AttemptAccess>;
  hello: (input: Hello) => Promise<WorkOrder>;
  ingest: (access: AttemptAccess, batch: EventBatch) => Promise<number>;
  finish: (
    access: AttemptAccess,
    input: Finished,
  ) => Promise<{ accepted: true } | { accepted: false; have: number }>;
  feed: CommandFeed;
  /** The runner was heard of. Cheap to call often. */
  heard: (attemptId: string) => void;
  /** By vendor; the path is what follows `/model/<vendor>`. Lets the engine in by its own placeholder. */
  models: Readonly<Record<string, (request: Request, path: string) => Promise<Response>>>;
  git: (request: Request, path: string, caller: { taskId: string }) => Promise<Response>;
  logger: Logger;
}

/** The control plane's end of every sandbox's one door. Never mounted on the public listener. */
export function createUplinkApp(deps: UplinkDeps): Hono {
  const app = new Hono();
  const runner = async (c: Context): Promise<AttemptAccess> => {
    const access = await deps.access(bearer(c.req.header("authorization")));
    deps.heard(access.attemptId);
    return access;
  };

  app.post(UPLINK_PATHS.hello, async (c) => c.json(await deps.hello(await readBody(c, helloSchema))));
  app.post(UPLINK_PATHS.events, async (c) => {
    const access = await runner(c);
    return c.json({ ack: await deps.ingest(access, await readBody(c, eventBatchSchema)) });
  });
  app.post(UPLINK_PATHS.finished, async (c) => {
    const access = await runner(c);
    const answer = await deps.finish(access, await readBody(c, finishedSchema));
    return answer.accepted ? c.json({}) : c.json({ have: answer.have }, 409);
  });
  app.get(UPLINK_PATHS.commands, async (c) => {
    const access = await runner(c);
    return lineStream((signal) => deps.feed(access, c.req.query("after") ?? null, signal));
  });
  app.all(`${UPLINK_PATHS.model}/:vendor/*`, async (c) => {
    const vendor = c.req.param("vendor");
    const route = deps.models[vendor];
    if (route === undefined) throw new AgencyError("not_found", `There is no model vendor "${vendor}" here.`);
    return route(c.req.raw, rest(c, `${UPLINK_PATHS.model}/${vendor}`));
  });
  app.all(`${UPLINK_PATHS.git}/*`, async (c) => {
    const { taskId } = await runner(c);
    return deps.git(c.req.raw, rest(c, UPLINK_PATHS.git), { taskId });
  });
  app.notFound((c) => c.json({ code: "not_found", detail: "There is no such door." }, 404));
  app.onError((error, c) => answerError(deps.logger, error, c));
  return app;
}

/** Path and query behind the prefix, as they came: decoding is the route's own business. */
function rest(c: Context, prefix: string): string {
  const { pathname, search } = new URL(c.req.url);
  return pathname.slice(prefix.length) + search;
}

async function readBody<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  if (Number(c.req.header("content-length") ?? 0) > MAX_BODY_BYTES) {
    throw new AgencyError(
      "payload_too_large",
      `A request of the runner may have at most ${MAX_BODY_BYTES} bytes.`,
    );
  }
  const parsed = schema.safeParse(await readJson(c));
  if (parsed.success) return parsed.data;
  throw new AgencyError(
    "invalid_request",
    `The runner sent something else than was agreed: ${parsed.error.message}`,
  );
}

async function readJson(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (error) {
    throw new AgencyError("invalid_json", "The runner sent a body that is not JSON.", { cause: error });
  }
}

function answerError(logger: Logger, error: unknown, c: Context): Response {
  if (isAgencyError(error)) {
    const { code, message, retryAfterMs } = error;
    const headers =
      retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1000)) };
    return Response.json({ code, detail: message }, { status: ERROR_CODES[code], headers });
  }
  logger.error({ err: error, path: c.req.path }, "the uplink failed");
  return Response.json({ code: "internal", detail: "The control plane failed." }, { status: 500 });
}
