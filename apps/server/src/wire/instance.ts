import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Duplex } from "node:stream";
import { createMirrorObjects } from "@agency/broker";
import { dataFiles } from "@agency/contract";
import type { ResolvedSettings, Setting, Status } from "@agency/contract";
import { createTerminals, sweepReservations, systemClock } from "@agency/control";
import type { KeepBounds, SignIn, Terminals } from "@agency/control";
import type { Logger, Provider } from "@agency/core";
import { DEFAULT_ACCOUNT_ID } from "@agency/postgres";
import { createApiApp } from "../http/app.ts";
import type { ApiApp } from "../http/app.ts";
import { listenApi } from "../http/listen.ts";
import { createWebApp } from "../http/web/web-app.ts";
import type { LiveRedaction } from "../live-redaction.ts";
import type { ServerMetrics } from "../metrics.ts";
import { createEgressDoor } from "../uplink/egress-door.ts";
import { createTerminalDoor } from "../uplink/terminal-door.ts";
import { listenUplink } from "../uplink/listen.ts";
import { wireBrokers } from "./brokers.ts";
import { wireSignIn } from "./sign-in.ts";
import { wireBranchMover } from "./branch-mover.ts";
import { wireCodeHost } from "./code-host.ts";
import type { CodeHostWork } from "./code-host.ts";
import { Closers } from "./closers.ts";
import { readText, writePrivate } from "./data-folder.ts";
import { findEngines } from "./engines.ts";
import type { InstalledEngine } from "./engines.ts";
import { layFoundations } from "./foundations.ts";
import type { Foundations } from "./foundations.ts";
import { sandboxResources, wireLocal } from "./local.ts";
import { loadPrices } from "./prices.ts";
import type { Prices } from "./prices.ts";
import { publicAddress } from "./public-address.ts";
import { wireFolders } from "./repository-folders.ts";
import { keepsOf } from "./retention.ts";
import { keepSecrets } from "./secrets.ts";
import type { SecretKeeping } from "./secrets.ts";
import { visitorDoor, wireUplink, worldDoor } from "./uplink.ts";
import { bindUseCases } from "./use-cases.ts";
import { createWorker } from "./worker.ts";

/** Where `vite build` puts the web app. */
const WEB_ROOT = fileURLToPath(new URL("../../../../dist/web", import.meta.url));

export interface InstanceParts {
  resolved: Pick<ResolvedSettings, "settings" | "folders">;
  shownSettings: Setting[];
  redaction: LiveRedaction;
  version: string;
  metrics: ServerMetrics;
  logger: Logger;
}

export interface RunningInstance {
  url: string;
  /** Resolves with a sentence when the instance cannot go on. */
  broken: Promise<string>;
  /** For whoever sits at the terminal it was started in. */
  signInLink(): Promise<string>;
  stop(): Promise<void>;
}

interface Machinery {
  engines: readonly InstalledEngine[];
  providers: ReadonlyMap<string, Provider>;
  prices: Prices;
  secrets: SecretKeeping;
  codeHost: CodeHostWork;
  terminals: Terminals<Duplex>;
  signIn: SignIn;
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
    const { stores, folder } = base;
    const secrets = await keepSecrets({
      settings,
      dataRoot: folder.root,
      stores,
      hide: parts.redaction.hide,
      logger,
    });
    const prices = await loadPrices(settings.prices);
    const { credentials } = secrets;
    const branches = await wireBranchMover({ settings, stores, credentials, folder, logger }, closers);
    const address = { url: publicAddress(settings) };
    const outside = { stores, storage: base.storage, secrets, branches, address, logger };
    const codeHost = wireCodeHost(settings, outside);
    const terminals = createTerminals<Duplex>({ tasks: stores.tasks, clock: systemClock, logger });
    const providers = new Map([[local.id, local]]);
    const signIn = wireSignIn(base);
    const machinery = { engines, providers, prices, secrets, codeHost, terminals, signIn };
    await startWork(parts, base, machinery, closers);
    const url = await startApi(parts, base, machinery, closers);
    address.url ??= url;
    const signInLink = async () => {
      const { path } = await signIn.createLink({ accountId: DEFAULT_ACCOUNT_ID, keyId: "server" });
      return `${address.url ?? url}${path}`;
    };
    return { url, broken: base.store.lost, signInLink, stop: () => closers.close() };
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
  const { metrics, logger, resolved } = parts;
  const { settings } = resolved;
  const { stores, queue, bus, storage, tokens, folder, store } = base;
  const { table: prices, own: ownPrices } = machinery.prices;
  const { credentials, book } = machinery.secrets;
  // Nobody else can have a call under way on a database of our own.
  if (store.kind === "embedded")
    await sweepReservations({ costs: stores.costs, logger }, Date.now(), { all: true });
  const brokers = wireBrokers({ settings, prices, stores, bus, tokens, credentials, metrics, logger });
  const common = { stores, bus, storage, tokens, metrics, logger };
  const worker = createWorker({
    ...common,
    db: base.store.db,
    queue,
    engines: machinery.engines,
    providers: machinery.providers,
    resources: sandboxResources(settings),
    installId: folder.installId,
    accountId: DEFAULT_ACCOUNT_ID,
    capacity: settings.maxRunning,
    computePrice: settings.computePrice,
    keeps: keepsOf(settings),
    archiveAfterMs: settings.archiveAfter,
    keepBounds: keepBounds(settings),
    lastWords: brokers.lastWords,
    deliver: machinery.codeHost.deliver,
    folders: await wireFolders({ settings, folder, mirrorGit: brokers.mirrorGit, logger }, closers),
  });
  const { noteActivity } = worker;
  const uplink = wireUplink({
    ...common,
    admission: base.admission,
    credentials,
    ownPrices,
    book,
    brokers,
    noteActivity,
  });
  const door = createEgressDoor({ access: worldDoor(base), open: brokers.egress.open, logger });
  closers.add("brokers", brokers);
  const ends = createTerminalDoor({ access: visitorDoor(base), terminals: machinery.terminals, logger });
  const handlers = { connect: door.connect, upgrade: ends.upgrade };
  closers.add("uplink", await listenUplink(uplink, handlers, folder.door));
  closers.add("terminals", { close: async () => ends.close() });
  closers.add("egress door", { close: async () => door.close() });
  closers.add("worker", { close: () => worker.stop() });
  worker.start();
}

function keepBounds({ maxKeep, maxKept }: InstanceParts["resolved"]["settings"]): KeepBounds {
  return { longestMs: maxKeep, most: maxKept };
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
  { engines, providers, secrets, codeHost, terminals, signIn }: Machinery,
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
    admission: base.admission,
    objects: settings.mirrorBytes === 0 ? null : createMirrorObjects(folder.mirrors),
    providers,
    engines,
    about,
    secrets,
    findPullRequest: codeHost.findPullRequest,
    accountId: DEFAULT_ACCOUNT_ID,
    keeps: keepsOf(settings),
    logger,
    settings: shownSettings,
    capacity: settings.maxRunning,
    storageName: settings.storage.kind === "local" ? "local" : settings.storage.text,
    terminals,
    keepBounds: keepBounds(settings),
    pingDatabase: async () => void (await store.db.query("select 1")),
  });
  const hosts = { listen: settings.listen, allowed: settings.allowedHosts };
  const metricsPage = settings.metrics === "on" ? "key" : settings.metrics;
  return createApiApp({
    useCases,
    apiKeys,
    signIn,
    web: createWebApp(WEB_ROOT),
    trustedProxies: settings.trustedProxies,
    logger,
    metrics,
    clock: systemClock,
    version,
    hosts,
    metricsPage,
    stopping,
  });
}
