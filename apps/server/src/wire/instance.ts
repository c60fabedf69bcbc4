import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { dataFiles } from "@agency/contract";
import type { ResolvedSettings, Setting } from "@agency/contract";
import { createApiKeys, createTokens, systemClock } from "@agency/control";
import { createRedactor } from "@agency/core";
import type { Logger, Provider, Secret } from "@agency/core";
import { createBus, createQueue, DEFAULT_ACCOUNT_ID } from "@agency/postgres";
import { createLocalProvider } from "@agency/providers";
import { openLocalStorage } from "@agency/storage";
import { createApiApp } from "../http/app.ts";
import { listenApi } from "../http/listen.ts";
import type { ServerMetrics } from "../metrics.ts";
import { listenUplink } from "../uplink/listen.ts";
import { ensureApiKey } from "./api-key.ts";
import { openDataFolder, writePrivate } from "./data-folder.ts";
import type { DataFolder } from "./data-folder.ts";
import { findEngines } from "./engines.ts";
import type { InstalledEngine } from "./engines.ts";
import { Closers } from "./closers.ts";
import { openStore } from "./store.ts";
import { createStores } from "./stores.ts";
import { wireUplink } from "./uplink.ts";
import { bindUseCases } from "./use-cases.ts";
import { createWorker } from "./worker.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

export interface InstanceParts {
  resolved: Pick<ResolvedSettings, "settings" | "folders">;
  shownSettings: Setting[];
  secrets: Secret[];
  version: string;
  metrics: ServerMetrics;
  logger: Logger;
}

export interface RunningInstance {
  url: string;
  /** Resolves with a sentence when the instance cannot go on. */
  broken: Promise<string>;
  stop(): Promise<void>;
}

/** Builds everything in order and starts it; what was built is closed again, last first, when a step fails. */
export async function startInstance(parts: InstanceParts): Promise<RunningInstance> {
  const closers = new Closers(parts.logger);
  try {
    return await build(parts, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function build(parts: InstanceParts, closers: Closers): Promise<RunningInstance> {
  const { logger, metrics } = parts;
  const { settings, folders } = parts.resolved;
  const folder = await openDataFolder(folders.data);
  const engines = findEngines();
  const store = closers.add("database", await openStore(folder, settings, settings.maxRunning + 10, logger));
  const maxRunning = settings.maxRunningPerAccount ?? settings.maxRunning;
  const queue = createQueue({ db: store.db, logger, maxRunning });
  await queue.start();
  // Only one server can hold its own database: what was claimed before was claimed by one that died.
  if (store.kind === "embedded") await queue.reclaim();
  closers.add("queue", { close: () => queue.stop() });
  const bus = closers.add(
    "bus",
    createBus({ connectionString: store.connectionString, clock: systemClock, logger }),
  );
  await bus.ready;

  const stores = createStores(store.db, queue);
  const storage = await openLocalStorage(folder.storage);
  const tokens = createTokens(folder.secret);
  const apiKeys = createApiKeys({ store: stores.apiKeys, pepper: folder.secret, now: () => Date.now() });
  await ensureApiKey(apiKeys, folder.root, DEFAULT_ACCOUNT_ID);
  const providers = new Map<string, Provider>([["local", localProvider(parts, folder, engines)]]);
  metrics.watchQueue(queue);

  const worker = createWorker({
    ...{ db: store.db, stores, queue, bus, providers, tokens, engines, metrics, logger },
    resources: {
      memoryBytes: settings.sandboxMemory,
      pids: settings.sandboxPids,
      cpus: settings.sandboxCpus,
      tmpBytes: 512 * MiB,
      fileBytes: 8 * GiB,
    },
    installId: folder.installId,
    accountId: DEFAULT_ACCOUNT_ID,
    capacity: settings.maxRunning,
  });
  const credentials = [settings.anthropicApiKey, settings.claudeCodeOauthToken].filter((key) => key !== null);
  const { redactor } = createRedactor(parts.secrets);
  const uplink = wireUplink({
    ...{ stores, bus, storage, tokens, metrics, logger },
    credentials: settings,
    internalHosts: settings.internalHosts,
    redact: redactor.redactText,
    noteActivity: worker.noteActivity,
  });
  closers.add("uplink", await listenUplink(uplink, folder.door));
  closers.add("worker", { close: () => worker.stop() });
  worker.start();

  const stopping = new AbortController();
  const startedAt = new Date().toISOString();
  const about = {
    version: parts.version,
    instanceId: folder.installId,
    roles: ["api", "worker"],
    startedAt,
    database: store.kind,
  };
  const useCases = bindUseCases({
    ...{ stores, bus, storage, providers, engines, about },
    hasCredential: (vendor) => vendor === "anthropic" && credentials.length > 0,
    settings: parts.shownSettings,
    pingDatabase: async () => void (await store.db.query("select 1")),
  });
  const app = createApiApp({
    ...{ useCases, apiKeys, logger, metrics, clock: systemClock, version: parts.version },
    hosts: { listen: settings.listen, allowed: settings.allowedHosts },
    metricsPage: settings.metrics ? "key" : "off",
    stopping: stopping.signal,
  });
  const api = closers.add("api", await listenApi(app, settings.listen, settings.port));
  const files = dataFiles(folder.root);
  await writePrivate(
    files.instance,
    `${JSON.stringify({ pid: process.pid, url: api.url, startedAt, version: parts.version })}\n`,
  );
  closers.add("instance file", { close: () => rm(files.instance, { force: true }) });
  closers.add("streams", { close: async () => stopping.abort() });
  return { url: api.url, broken: store.lost, stop: () => closers.close() };
}

function localProvider(
  { resolved, logger }: InstanceParts,
  folder: DataFolder,
  engines: readonly InstalledEngine[],
): Provider {
  return createLocalProvider({
    home: folder.sandboxes,
    doorDir: folder.door,
    installId: folder.installId,
    runtime: {
      nodePath: process.execPath,
      runnerPath: join(ROOT, "dist", "runner.mjs"),
      enginePaths: Object.assign({}, ...engines.map((engine) => engine.programs)) as Record<string, string>,
    },
    readOnlyPaths: resolved.settings.sandboxReadonly,
    readWritePaths: resolved.settings.sandboxReadwrite,
    logger,
  });
}
