import {
  createCommandFeed,
  createModelGate,
  finish,
  hello,
  ingest,
  runnerAccess,
  systemClock,
} from "@agency/control";
import type { Tokens } from "@agency/control";
import { anthropicCredential, createAnthropicRoute, createGitRoute } from "@agency/broker";
import type { AttemptStore, Bus, Logger, Metrics, ModelCaller, Storage } from "@agency/core";
import { createUplinkApp } from "../uplink/app.ts";
import { createDemoModel } from "./demo-model.ts";
import type { Stores } from "./stores.ts";

export interface UplinkParts {
  stores: Stores;
  bus: Bus;
  storage: Storage;
  tokens: Tokens;
  metrics: Metrics;
  logger: Logger;
  credentials: {
    anthropicApiKey: string | null;
    claudeCodeOauthToken: string | null;
    anthropicBaseUrl: string;
  };
  internalHosts: readonly string[];
  redact: (text: string) => string;
  noteActivity: (taskId: string, activity: string) => void;
}

/** The control plane's end of the sandboxes' door, with everything behind it bound. */
export function wireUplink(parts: UplinkParts) {
  const { stores, tokens, metrics, logger } = parts;
  const now = () => Date.now();
  const access = { attempts: stores.attempts, tokens };
  const gate = createModelGate({ ...access, tasks: stores.tasks, costs: stores.costs, metrics, now });
  const ingestDeps = {
    events: stores.events,
    storage: parts.storage,
    metrics,
    logger,
    now,
    redact: parts.redact,
    onActivity: parts.noteActivity,
  };
  return createUplinkApp({
    access: (token) => runnerAccess(access, "uplink", token),
    hello: (input) => hello({ ...access, tasks: stores.tasks, now }, input),
    ingest: (attempt, batch) => ingest(ingestDeps, attempt, batch),
    finish: (attempt, input) => finish({ tasks: stores.tasks, now }, attempt, input),
    feed: createCommandFeed({ attempts: stores.attempts, bus: parts.bus, now, sleep: systemClock.sleep }),
    heard: throttledTouch(stores.attempts, logger),
    models: {
      anthropic: createAnthropicRoute({ gate, upstream: anthropicUpstream(parts.credentials), logger }),
    },
    git: createGitRoute({
      repositoryOf: async (taskId) => (await stores.tasks.load(taskId))?.spec.repository?.url ?? null,
      credentialFor: () => null,
      internalHosts: parts.internalHosts,
      logger,
    }),
    logger,
  });
}

/** Demo tasks talk to the scripted model in this process, all others to the vendor with the real credential. */
function anthropicUpstream({
  anthropicApiKey,
  claudeCodeOauthToken,
  anthropicBaseUrl,
}: UplinkParts["credentials"]) {
  const demo = createDemoModel();
  const token = anthropicApiKey ?? claudeCodeOauthToken;
  return (caller: ModelCaller) => {
    if (caller.demo) return { handle: demo.handle };
    if (token === null) return { refused: "No credential for Anthropic is set on the server." };
    return { baseUrl: anthropicBaseUrl, headers: anthropicCredential(token).headers };
  };
}

const TOUCH_EVERY_MS = 5_000;

/** A runner under load is heard a hundred times a second; its row needs that about once in five. */
function throttledTouch(attempts: AttemptStore, logger: Logger): (attemptId: string) => void {
  const last = new Map<string, number>();
  return (attemptId) => {
    const now = Date.now();
    if (now - (last.get(attemptId) ?? 0) < TOUCH_EVERY_MS) return;
    if (last.size > 10_000) last.clear();
    last.set(attemptId, now);
    attempts
      .touch(attemptId, now)
      .catch((error: unknown) => logger.debug({ err: error }, "a runner's contact was not written"));
  };
}
