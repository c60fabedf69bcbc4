import { rm } from "node:fs/promises";
import { dataFiles } from "@agency/contract";
import type { ResolvedSettings, Setting, Status } from "@agency/contract";
import { systemClock } from "@agency/control";
import { createRedactor } from "@agency/core";
import type { Logger, Provider, Secret } from "@agency/core";
import { DEFAULT_ACCOUNT_ID } from "@agency/postgres";
import { createApiApp } from "../http/app.ts";
import type { ApiApp } from "../http/app.ts";
import { listenApi } from "../http/listen.ts";
import type { ServerMetrics } from "../metrics.ts";
import { listenUplink } from "../uplink/listen.ts";
import { Closers } from "./closers.ts";
import { readText, writePrivate } from "./data-folder.ts";
import { findEngines } from "./engines.ts";
import type { InstalledEngine } from "./engines.ts";
import { layFoundations } from "./foundations.ts";
import type { Foundations } from "./foundations.ts";
import { sandboxResources, wireLocal } from "./local.ts";
import { wireUplink } from "./uplink.ts";
import { bindUseCases } from "./use-cases.ts";
import { createWorker } from "./worker.ts";

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

interface Machinery {
  engines: readonly InstalledEngine[];
  providers: ReadonlyMap<string, Provider>;
}

/** Builds everything in order and starts it; what was built is closed again, last first, when a step fails. */
export async function startInstance(parts: InstanceParts): Promise<RunningInstance> {
  const closers = new Closers(parts.logger);
  try {
    const { resolved, metrics, logger } = parts;
    const { settings, folders } = resolved;
    const base = await layFoundations({ settings, data: folders.data }, logger, closers);
    metrics.watchQueue(base.queue);
    const engines = findEngines();
    const local = wireLocal(settings, base.folder, engines, logger);
    const machinery = { engines, providers: new Map([[local.id, local]]) };
    await startWork(parts, base, machinery, closers);
    const url = await startApi(parts, base, machinery, closers);
    return { url, broken: base.store.lost, stop: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** The worker and the sandboxes' door. */
async function startWork(
  parts: InstanceParts,
  base: Foundations,
  machinery: Machinery,
  closers: Closers,
): Promise<void> {
  const { metrics, logger, secrets, resolved } = parts;
  const { settings } = resolved;
  const { stores, queue, bus, storage, tokens, folder } = base;
  const worker = createWorker({
    db: base.store.db,
    stores,
    queue,
    bus,
    tokens,
    metrics,
    logger,
    engines: machinery.engines,
    providers: machinery.providers,
    resources: sandboxResources(settings),
    installId: folder.installId,
    accountId: DEFAULT_ACCOUNT_ID,
    capacity: settings.maxRunning,
  });
  const uplink = wireUplink({
    stores,
    bus,
    storage,
    tokens,
    metrics,
    logger,
    credentials: settings,
    internalHosts: settings.internalHosts,
    redact: createRedactor(secrets).redactor.redactText,
    noteActivity: worker.noteActivity,
  });
  closers.add("uplink", await listenUplink(uplink, folder.door));
  closers.add("worker", { close: () => worker.stop() });
  worker.start();
}

async function startApi(
  parts: InstanceParts,
  base: Foundations,
  machinery: Machinery,
  closers: Closers,
): Promise<string> {
  const { settings } = parts.resolved;
  const { folder } = base;
  const startedAt = new Date().toISOString();
  const stopping = new AbortController();
  const app = apiApp(parts, base, machinery, startedAt, stopping.signal);
  const api = closers.add("api", await listenApi(app, settings.listen, settings.port));
  closers.add("streams", { close: async () => stopping.abort() });
  const { instance } = dataFiles(folder.root);
  const about = { pid: process.pid, url: api.url, startedAt, version: parts.version };
  await writePrivate(instance, `${JSON.stringify(about)}\n`);
  closers.add("instance file", { close: () => removeOwn(instance) });
  return api.url;
}

/** Another server on the same folder may have written its own since. */
async function removeOwn(path: string): Promise<void> {
  const text = await readText(path);
  if (text?.includes(`"pid":${process.pid},`)) await rm(path, { force: true });
}

function apiApp(
  parts: InstanceParts,
  base: Foundations,
  { engines, providers }: Machinery,
  startedAt: string,
  stopping: AbortSignal,
): ApiApp {
  const { logger, metrics, version, resolved, shownSettings } = parts;
  const { settings } = resolved;
  const { stores, bus, storage, store, folder, apiKeys } = base;
  const about: Pick<Status, "version" | "instanceId" | "roles" | "startedAt" | "database"> = {
    version,
    instanceId: folder.installId,
    roles: ["api", "worker"],
    startedAt,
    database: store.kind,
  };
  const useCases = bindUseCases({
    stores,
    bus,
    storage,
    providers,
    engines,
    about,
    hasCredential: (vendor) =>
      vendor === "anthropic" && (settings.anthropicApiKey ?? settings.claudeCodeOauthToken) !== null,
    settings: shownSettings,
    pingDatabase: async () => void (await store.db.query("select 1")),
  });
  const hosts = { listen: settings.listen, allowed: settings.allowedHosts };
  const metricsPage = settings.metrics === "on" ? "key" : settings.metrics;
  return createApiApp({
    useCases,
    apiKeys,
    logger,
    metrics,
    clock: systemClock,
    version,
    hosts,
    metricsPage,
    stopping,
  });
}
