import { setImmediate } from "node:timers/promises";
import {
  createEgress,
  createGitRoute,
  createModelRoutes,
  createResolver,
  createTransferReports,
} from "@agency/broker";
import type { Egress } from "@agency/broker";
import { listsOf } from "@agency/contract";
import type { Settings } from "@agency/contract";
import type { EventBody } from "@agency/contract";
import { createFence, createModelGate, systemClock } from "@agency/control";
import type { CredentialBook, Tokens } from "@agency/control";
import type { AttemptCaller, Bus, EventStore, Logger, Metrics, PriceTable } from "@agency/core";
import { createDemoModel } from "./demo-model.ts";
import { sandboxRights } from "./git-rights.ts";
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
  /** The same for the server's own mirrors, which no task's log tells of. */
  mirrorGit: ReturnType<typeof createGitRoute>;
  egress: Egress;
  /** Cuts what is open, and writes what is held back. */
  close(): Promise<void>;
  /** Everything the brokers have to say of an attempt whose sandbox is gone is in its log afterwards. */
  lastWords(attempt: AttemptCaller): Promise<void>;
}

const now = () => Date.now();

/** The three ways out of a sandbox, with the real credentials and the rules behind them. */
export function wireBrokers(parts: BrokerParts): Brokers {
  const { stores, bus, logger } = parts;
  const fence = createFence({ tasks: stores.tasks, bus, clock: systemClock });
  const { say, said } = speaker(stores.events, logger);
  const egress = wireEgress(parts, fence, say);
  const deaf = hearRules(bus, egress);
  const transfers = createTransferReports(systemClock, (caller, { refs, updates, ...data }) => {
    const named = refs === undefined ? {} : { refs: [...refs] };
    const became = updates === undefined ? {} : { updates: [...updates] };
    say(caller, { type: "git", data: { ...data, ...named, ...became } });
  });
  return {
    models: wireModels(parts, fence),
    git: wireGit(parts, fence, transfers.add),
    mirrorGit: wireGit(parts, fence, () => undefined),
    egress,
    async close() {
      deaf();
      egress.close();
      // What was cut says so when its socket has closed, a turn later.
      await setImmediate();
      transfers.close();
      await said();
    },
    async lastWords(attempt) {
      await egress.drain(attempt);
      transfers.flush(attempt);
      await said(attempt.taskId);
    },
  };
}

function wireGit(
  { stores, credentials, settings, logger }: BrokerParts,
  fence: ReturnType<typeof createFence>,
  report: Parameters<typeof createGitRoute>[0]["report"],
): Brokers["git"] {
  return createGitRoute({
    rightsOf: async ({ taskId }) => {
      const task = await stores.tasks.load(taskId);
      return task === null ? null : sandboxRights(task, settings.internalHosts);
    },
    credentials,
    fence,
    report,
    logger,
    now,
  });
}

function wireEgress(
  { stores, settings, logger }: BrokerParts,
  fence: ReturnType<typeof createFence>,
  say: Speak,
): Egress {
  return createEgress({
    policyOf: async ({ taskId }) => {
      const task = await stores.tasks.load(taskId);
      if (task === null) return null;
      const { network, allowInternalNetwork } = task.spec;
      const rules = await stores.networks.rulesOf(task.accountId, listsOf(network));
      return { network, allowInternalNetwork, ...rules };
    },
    report: (caller, data) => say(caller, { type: "network", data }),
    resolve: createResolver(settings.dnsServers),
    fence,
    clock: systemClock,
    logger,
  });
}

/** A wake-up that was lost may have been for anybody. */
function hearRules(bus: Bus, egress: Egress): () => void {
  const stops = [
    bus.subscribe("net", (accountId) => void egress.judgeAgain(accountId)),
    bus.onResync(() => void egress.judgeAgain(null)),
  ];
  return () => stops.forEach((stop) => stop());
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

type Speak = (caller: AttemptCaller, body: EventBody) => void;

/** Adds to a task's log what the brokers saw. `said` resolves when all of it is there, of one task or of every one. */
function speaker(events: EventStore, logger: Logger): { say: Speak; said(taskId?: string): Promise<void> } {
  const underWay = new Map<string, Set<Promise<unknown>>>();
  return {
    say({ taskId, epoch }, body) {
      const event = { ...body, at: new Date(now()).toISOString() };
      const mine = underWay.get(taskId) ?? new Set();
      const written = events
        .append({ taskId, epoch, from: null, events: [event] })
        .catch((error: unknown) => logger.warn({ err: error, taskId }, "an event of a broker was lost"))
        .finally(() => {
          mine.delete(written);
          if (mine.size === 0) underWay.delete(taskId);
        });
      underWay.set(taskId, mine.add(written));
    },
    async said(taskId) {
      const spoken = taskId === undefined ? [...underWay.values()] : [underWay.get(taskId) ?? []];
      await Promise.all(spoken.flatMap((events) => [...events]));
    },
  };
}
