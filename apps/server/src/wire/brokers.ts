import { createEgress, createGitRoute, createModelRoutes, createResolver } from "@agency/broker";
import type { Egress } from "@agency/broker";
import type { Settings } from "@agency/contract";
import type { EventBody } from "@agency/contract";
import { createFence, createModelGate, systemClock } from "@agency/control";
import type { CredentialBook, Tokens } from "@agency/control";
import type { AttemptCaller, Bus, EventStore, Logger, Metrics, PriceTable } from "@agency/core";
import { createDemoModel } from "./demo-model.ts";
import type { Stores } from "./stores.ts";

export interface BrokerParts {
  settings: Settings;
  prices: PriceTable;
  stores: Stores;
  bus: Bus;
  tokens: Tokens;
  credentials: CredentialBook;
  metrics: Metrics;
  logger: Logger;
}

export interface Brokers {
  models: ReturnType<typeof createModelRoutes>;
  git: ReturnType<typeof createGitRoute>;
  egress: Egress;
}

const now = () => Date.now();

/** The three ways out of a sandbox, with the real credentials and the rules behind them. */
export function wireBrokers(parts: BrokerParts): Brokers {
  const { stores, bus, credentials, logger, settings } = parts;
  const fence = createFence({ tasks: stores.tasks, bus, clock: systemClock });
  const say = speaker(stores.events, logger);
  return {
    models: wireModels(parts, fence),
    git: createGitRoute({
      rightsOf: async ({ taskId }) => {
        const spec = (await stores.tasks.load(taskId))?.spec;
        if (spec === undefined) return null;
        const { repository, repositories } = spec;
        return { repository, repositories, allowInternalHosts: settings.internalHosts };
      },
      credentials,
      fence,
      report: (caller, data) => say(caller, { type: "git", data: { ...data, refs: [...(data.refs ?? [])] } }),
      logger,
      now,
    }),
    egress: createEgress({
      policyOf: async ({ taskId }) => {
        const spec = (await stores.tasks.load(taskId))?.spec;
        if (spec === undefined) return null;
        return { network: spec.network, allowInternalNetwork: spec.allowInternalNetwork };
      },
      report: (caller, data) => say(caller, { type: "network", data }),
      resolve: createResolver(settings.dnsServers),
      fence,
      clock: systemClock,
      logger,
    }),
  };
}

function wireModels(parts: BrokerParts, fence: ReturnType<typeof createFence>): Brokers["models"] {
  const { stores, tokens, metrics, credentials, settings, prices, logger } = parts;
  const { attempts, tasks, costs, events } = stores;
  const { unknownModels } = settings;
  const gate = createModelGate({
    attempts,
    tokens,
    tasks,
    costs,
    events,
    metrics,
    prices,
    unknownModels,
    now,
  });
  return createModelRoutes({
    gate,
    credentials,
    fence,
    baseUrls: { anthropic: settings.anthropicBaseUrl, openai: settings.openaiBaseUrl },
    demo: createDemoModel().handle,
    prices,
    logger,
  });
}

/** Adds to a task's log what the brokers saw. The attempt may be over by then: then nobody reads it any more. */
function speaker(events: EventStore, logger: Logger): (caller: AttemptCaller, body: EventBody) => void {
  return ({ taskId, epoch }, body) => {
    const event = { ...body, at: new Date(now()).toISOString() };
    events
      .append({ taskId, epoch, from: null, events: [event] })
      .catch((error: unknown) => logger.warn({ err: error, taskId }, "an event of a broker was lost"));
  };
}
