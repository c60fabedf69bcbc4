import {
  cancelTask,
  createEventFollower,
  createTask,
  deleteTask,
  getTask,
  listTasks,
  readEvent,
  sendMessage,
} from "@agency/control";
import type { Check, ProviderInfo, Setting, Status } from "@agency/contract";
import type { Bus, Provider, Storage } from "@agency/core";
import type { UseCases } from "../http/deps.ts";
import { describeEngines } from "./engines.ts";
import type { InstalledEngine } from "./engines.ts";
import type { Stores } from "./stores.ts";

export interface UseCaseParts {
  stores: Stores;
  bus: Bus;
  storage: Storage;
  providers: ReadonlyMap<string, Provider>;
  engines: readonly InstalledEngine[];
  hasCredential: (vendor: string) => boolean;
  about: Pick<Status, "version" | "instanceId" | "roles" | "startedAt" | "database">;
  settings: Setting[];
  /** Asks the database something small. */
  pingDatabase: () => Promise<void>;
}

const CHECK_MS = 10_000;

/** The use cases with their ports bound: what the API can ask for. */
export function bindUseCases(parts: UseCaseParts): UseCases {
  const { stores, providers } = parts;
  const now = () => Date.now();
  const creating = {
    tasks: stores.tasks,
    providerIds: [...providers.keys()],
    hasCredential: parts.hasCredential,
    now,
  };
  const managing = { tasks: stores.tasks, storage: parts.storage, providers, now };
  const follower = createEventFollower({ events: stores.events, bus: parts.bus });
  return {
    createTask: (accountId, input, idempotencyKey) =>
      createTask(
        creating,
        idempotencyKey === undefined ? { accountId, input } : { accountId, input, idempotencyKey },
      ),
    getTask: (accountId, id) => getTask(managing, accountId, id),
    listTasks: (accountId, query) => listTasks(managing, accountId, query),
    cancelTask: (accountId, id) => cancelTask(managing, accountId, id),
    sendMessage: (accountId, id, input) => sendMessage(managing, accountId, id, input),
    deleteTask: (accountId, id) => deleteTask(managing, accountId, id),
    readEvents: (id, after, limit, types) => stores.events.read(id, after, limit, types),
    readEvent: (id, seq) => readEvent({ events: stores.events, storage: parts.storage }, id, seq),
    followEvents: (request) => follower.follow(request),
    engines: () => describeEngines(parts.engines, stores.probes, parts.hasCredential),
    providers: () => Promise.all([...providers.values()].map(describeProvider)),
    status: async () => ({
      type: "agency",
      ...parts.about,
      counts: await stores.tasks.countByState(),
      settings: parts.settings,
      checks: await checks(parts),
    }),
    notReady: async () => {
      try {
        await parts.pingDatabase();
        return [];
      } catch {
        return ["database"];
      }
    },
  };
}

async function describeProvider(provider: Provider): Promise<ProviderInfo> {
  const { limits } = await provider.capabilities();
  const found = await provider.check(AbortSignal.timeout(CHECK_MS));
  const ready = found.every((check) => check.level !== "fail");
  return { id: provider.id, title: provider.title, ready, limits, checks: found };
}

async function checks(parts: UseCaseParts): Promise<Check[]> {
  const engines = await describeEngines(parts.engines, parts.stores.probes, parts.hasCredential);
  return engines.flatMap((engine) => [
    ...engine.problems.map((detail): Check => ({ id: `engine.${engine.id}`, level: "warn", detail })),
    ...engine.probes.map(({ provider, ok, detail }): Check => ({
      id: `engine.${engine.id}.first-file.${provider}`,
      level: ok ? "ok" : "fail",
      detail: `${engine.title} ${engine.version ?? ""} on ${provider}: ${detail}`,
    })),
  ]);
}
