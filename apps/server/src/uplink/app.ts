import {
  AgencyError,
  finishedSchema,
  helloSchema,
  lowerLimitsSchema,
  postAskSchema,
  UPLINK_PATHS,
} from "@agency/contract";
import type { EventBatch, Finished, Hello, Limits, LowerLimits, PostAsk, WorkOrder } from "@agency/contract";
import { bearer } from "@agency/control";
import type { CommandFeed } from "@agency/control";
import type { AttemptAccess, AttemptCaller, Logger } from "@agency/core";
import { Hono } from "hono";
import type { Context } from "hono";
import type { RequestBindings } from "../http/request-bytes.ts";
import { requestId } from "../http/middleware/request-id.ts";
import { blobRoutes } from "./blob-routes.ts";
import type { BlobDeps } from "./blob-routes.ts";
import { lineStream } from "./line-stream.ts";
import { batchSchema, readBody } from "./read-body.ts";
import { toRunnerRefusal } from "./runner-refusal.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

export interface UplinkDeps extends BlobDeps {
  /** Lets a runner's token in; throws `unauthenticated` or `fenced`. */
  access: (token: string) => Promise<AttemptAccess>;
  /** As `access`, for what leads out into the world; throws `forbidden` when the work is over. */
  world: (token: string) => Promise<AttemptAccess>;
  /** As `access`, also while the sandbox is only kept. */
  visit: (token: string) => Promise<AttemptAccess>;
  storing: (access: AttemptAccess) => Promise<void>;
  lowerLimits: (access: AttemptAccess, asked: LowerLimits) => Promise<Limits>;
  hello: (input: Hello) => Promise<WorkOrder>;
  ingest: (access: AttemptAccess, batch: EventBatch) => Promise<number>;
  /** Throws `conflict` when nobody will answer. */
  ask: (access: AttemptAccess, input: PostAsk) => Promise<void>;
  finish: (
    access: AttemptAccess,
    input: Finished,
  ) => Promise<{ accepted: true; keepMs: number | null } | { accepted: false; have: number }>;
  feed: CommandFeed;
  /** The runner was heard of. Cheap to call often. */
  heard: (attemptId: string) => void;
  /** By vendor; the path is what follows `/model/<vendor>`. Lets the engine in by its own placeholder. */
  models: Readonly<Record<string, (request: Request, path: string) => Promise<Response>>>;
  git: (request: Request, path: string, caller: AttemptCaller) => Promise<Response>;
  logger: Logger;
}

export interface UplinkEnv {
  Bindings: RequestBindings;
  Variables: { requestId: string; access: AttemptAccess };
}
type UplinkContext = Context<UplinkEnv>;
export type UplinkApp = Pick<Hono<UplinkEnv>, "fetch" | "request">;

/**
 * The control plane's end of every sandbox's one door. Never mounted on the public listener. What calls here
 * may be a hijacked agent: a runner's route lets its token in before it reads a byte of the body.
 */
export function createUplinkApp(deps: UplinkDeps): UplinkApp {
  const app = new Hono<UplinkEnv>();
  app.use(requestId);
  runnerRoutes(app, deps);
  blobRoutes(app, deps, letIn(deps));
  carriedRoutes(app, deps);
  app.notFound(() => {
    throw new AgencyError("not_found", "There is no such door.");
  });
  app.onError((error, c) => answerError(deps.logger, error, c));
  return app;
}

function runnerRoutes(app: Hono<UplinkEnv>, deps: UplinkDeps): void {
  const runner = letIn(deps);

  app.post(UPLINK_PATHS.hello, async (c) =>
    c.json(await deps.hello(await readBody(c, helloSchema, 64 * KiB))),
  );
  app.post(UPLINK_PATHS.events, runner, async (c) =>
    c.json({ ack: await deps.ingest(c.get("access"), await readBody(c, batchSchema, 16 * MiB)) }),
  );
  app.post(UPLINK_PATHS.ask, runner, async (c) => {
    await deps.ask(c.get("access"), await readBody(c, postAskSchema, MiB));
    return c.json({});
  });
  app.post(UPLINK_PATHS.storing, runner, async (c) => {
    await deps.storing(c.get("access"));
    return c.json({});
  });
  app.post(UPLINK_PATHS.limits, runner, async (c) => {
    const asked = await readBody(c, lowerLimitsSchema, 64 * KiB);
    return c.json({ limits: await deps.lowerLimits(c.get("access"), asked) });
  });
  app.post(UPLINK_PATHS.finished, runner, async (c) => {
    const answer = await deps.finish(c.get("access"), await readBody(c, finishedSchema, MiB));
    return answer.accepted ? c.json({ keepMs: answer.keepMs }) : c.json({ have: answer.have }, 409);
  });
  app.get(UPLINK_PATHS.commands, letIn({ access: deps.visit, heard: deps.heard }), (c) =>
    lineStream(
      (signal) => deps.feed(c.get("access"), c.req.query("after") ?? null, signal),
      (error) =>
        deps.logger.warn({ err: error, requestId: c.get("requestId") }, "a command stream broke off"),
    ),
  );
}

/** What passes through on its way to a model or a repository, streamed both ways. */
function carriedRoutes(app: Hono<UplinkEnv>, deps: UplinkDeps): void {
  app.all(`${UPLINK_PATHS.model}/:vendor/*`, async (c) => {
    const vendor = c.req.param("vendor");
    const route = Object.hasOwn(deps.models, vendor) ? deps.models[vendor] : undefined;
    if (route === undefined) throw new AgencyError("not_found", "There is no such model vendor here.");
    return route(c.req.raw, rest(c, `${UPLINK_PATHS.model}/${vendor}`));
  });
  app.all(`${UPLINK_PATHS.git}/*`, letIn({ access: deps.world, heard: deps.heard }), async (c) => {
    const { taskId, accountId, epoch } = c.get("access");
    return deps.git(c.req.raw, rest(c, UPLINK_PATHS.git), { taskId, accountId, epoch });
  });
}

function letIn(deps: Pick<UplinkDeps, "access" | "heard">) {
  return async (c: UplinkContext, next: () => Promise<void>): Promise<void> => {
    const access = await deps.access(bearer(c.req.header("authorization")));
    deps.heard(access.attemptId);
    c.set("access", access);
    await next();
  };
}

/** Path and query behind the prefix, as they came: decoding is the route's own business. */
function rest(c: UplinkContext, prefix: string): string {
  const { pathname, search } = new URL(c.req.url);
  return pathname.slice(prefix.length) + search;
}

function answerError(logger: Logger, error: unknown, c: UplinkContext): Response {
  const id = c.get("requestId");
  const { body, status, headers } = toRunnerRefusal(error, id);
  const about = { err: error, requestId: id, path: c.req.path };
  if (status === 500) logger.error(about, "the uplink failed");
  else if (status > 500) logger.warn(about, "the uplink could not do what a runner asked");
  return c.body(JSON.stringify(body), { status, headers });
}
