import {
  accountBudget,
  answerTask,
  askCheckpoint,
  cancelTask,
  changeLimits,
  createEventFollower,
  createFeed,
  createManifests,
  createTask,
  createTemplate,
  deleteTask,
  downloadArtifact,
  estimate,
  getArtifact,
  getTask,
  listArtifacts,
  listAudit,
  listCheckpoints,
  listFiles,
  listSecrets,
  listTasks,
  listTemplates,
  pauseTask,
  queueInfo,
  readEvent,
  readFile,
  removeSecret,
  removeTemplate,
  replaceTemplate,
  resumeTask,
  sealTaskSecrets,
  sendMessage,
  setAccountBudget,
  setSecret,
  spend,
  stopTasks,
  systemClock,
} from "@agency/control";
import type { Check, ProviderInfo, Setting, Status } from "@agency/contract";
import type { PullRequestRepository } from "@agency/control";
import type { Bus, Logger, Provider, Storage } from "@agency/core";
import type { UseCases } from "../http/deps.ts";
import { describeEngines } from "./engines.ts";
import type { InstalledEngine } from "./engines.ts";
import type { SecretKeeping } from "./secrets.ts";
import type { Stores } from "./stores.ts";

export interface UseCaseParts {
  stores: Stores;
  bus: Bus;
  storage: Storage;
  providers: ReadonlyMap<string, Provider>;
  engines: readonly InstalledEngine[];
  secrets: SecretKeeping;
  pullRequestRepository: PullRequestRepository;
  /** Whose credentials decide whether an engine is ready. */
  accountId: string;
  about: Pick<Status, "version" | "instanceId" | "roles" | "startedAt" | "database">;
  settings: Setting[];
  /** Most tasks at the same time. */
  capacity: number;
  storageName: string;
  logger: Logger;
  /** Asks the database something small. */
  pingDatabase: () => Promise<void>;
}

const CHECK_MS = 10_000;

/** The use cases with their ports bound: what the API can ask for. */
export function bindUseCases(parts: UseCaseParts): UseCases {
  const { stores, providers } = parts;
  const managing = { tasks: stores.tasks, storage: parts.storage, providers, now };
  const follower = createEventFollower({ events: stores.events, bus: parts.bus });
  return {
    ...taskCreation(parts),
    ...keptUseCases(parts),
    ...accountUseCases(parts),
    ...overviewUseCases(parts),
    pauseTask: (accountId, id) => pauseTask(managing, accountId, id),
    resumeTask: (accountId, id) => resumeTask(managing, accountId, id),
    answerTask: (accountId, id, input, by) => answerTask(managing, accountId, id, input, by),
    changeLimits: (accountId, id, input, by) => changeLimits(managing, accountId, id, input, by),
    getTask: (accountId, id) => getTask(managing, accountId, id),
    listTasks: (accountId, query) => listTasks(managing, accountId, query),
    cancelTask: (accountId, id) => cancelTask(managing, accountId, id),
    sendMessage: (accountId, id, input) => sendMessage(managing, accountId, id, input),
    deleteTask: (accountId, id) => deleteTask(managing, accountId, id),
    readEvents: (id, after, limit, types) => stores.events.read(id, after, limit, types),
    readEvent: (id, seq) => readEvent({ events: stores.events, storage: parts.storage }, id, seq),
    followEvents: (request) => follower.follow(request),
    engines: () => enginesOf(parts),
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

const now = () => Date.now();

function taskCreation(parts: UseCaseParts): Pick<UseCases, "createTask"> {
  const { stores, secrets, providers, pullRequestRepository } = parts;
  const { ring, credentials } = secrets;
  const creating = {
    tasks: stores.tasks,
    artifacts: stores.artifacts,
    pullRequestRepository,
    providerIds: [...providers.keys()],
    hasCredential: credentials.hasModel,
    sealSecrets: (task: { accountId: string; taskId: string }, given: Readonly<Record<string, string>>) =>
      sealTaskSecrets({ ring }, task, given),
    now,
  };
  return {
    createTask: (accountId, input, actor, idempotencyKey) =>
      createTask(creating, {
        accountId,
        actor,
        input,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      }),
  };
}

type KeptUseCases =
  | "listArtifacts"
  | "getArtifact"
  | "downloadArtifact"
  | "listFiles"
  | "readFile"
  | "listCheckpoints"
  | "askCheckpoint";

function keptUseCases({ stores, storage }: UseCaseParts): Pick<UseCases, KeptUseCases> {
  const { tasks, artifacts } = stores;
  const deps = { tasks, artifacts, storage, manifests: createManifests(storage), now };
  return {
    listArtifacts: (accountId, id) => listArtifacts(deps, accountId, id),
    getArtifact: (accountId, id, artifactId) => getArtifact(deps, accountId, id, artifactId),
    downloadArtifact: (accountId, id, artifactId) => downloadArtifact(deps, accountId, id, artifactId),
    listFiles: (accountId, id, query) => listFiles(deps, accountId, id, query),
    readFile: (accountId, id, path) => readFile(deps, accountId, id, path),
    listCheckpoints: (accountId, id) => listCheckpoints(deps, accountId, id),
    askCheckpoint: (accountId, id, label) => askCheckpoint(deps, accountId, id, label),
  };
}

type AccountUseCases =
  | "accountBudget"
  | "setAccountBudget"
  | "listSecrets"
  | "setSecret"
  | "removeSecret"
  | "rotateSecrets"
  | "listAudit";

function accountUseCases({ stores, secrets }: UseCaseParts): Pick<UseCases, AccountUseCases> {
  const { managing, rotate } = secrets;
  const { costs, tasks, audit } = stores;
  const budgeting = { costs, tasks, audit: audit.add, now };
  return {
    accountBudget: (accountId) => accountBudget(budgeting, accountId, now()),
    setAccountBudget: (accountId, caps, by) => setAccountBudget(budgeting, accountId, caps, by),
    listSecrets: (accountId) => listSecrets(managing, accountId),
    setSecret: (accountId, name, input, by) => setSecret(managing, accountId, name, input, by),
    removeSecret: (accountId, name, project, by) => removeSecret(managing, accountId, name, project, by),
    rotateSecrets: rotate,
    listAudit: (accountId, query) => listAudit({ audit }, accountId, query),
  };
}

type OverviewUseCases =
  | "followFeed"
  | "countTasks"
  | "stopTasks"
  | "queue"
  | "spend"
  | "estimate"
  | "recentRepositories"
  | "storageUse"
  | "listTemplates"
  | "createTemplate"
  | "replaceTemplate"
  | "removeTemplate";

function overviewUseCases(parts: UseCaseParts): Pick<UseCases, OverviewUseCases> {
  const { stores, storage, providers, capacity, storageName, bus, logger } = parts;
  const { overview } = stores;
  const feed = createFeed({ store: stores.feed, bus, clock: systemClock, logger });
  const managing = { tasks: stores.tasks, storage, providers, now };
  const templates = { store: stores.templates, now };
  return {
    followFeed: (accountId, place, signal) => feed.follow(accountId, place, signal),
    countTasks: (accountId, filter) => overview.countTasks(accountId, filter),
    stopTasks: (accountId, input) => stopTasks(managing, accountId, input),
    queue: (accountId) => queueInfo(overview, accountId, capacity, now()),
    spend: (accountId, query) => spend(overview, accountId, query, now()),
    estimate: (accountId, query) => estimate(overview, accountId, query),
    recentRepositories: (accountId) => overview.recentRepositories(accountId),
    storageUse: async (accountId) => ({ storage: storageName, ...(await overview.storageUse(accountId)) }),
    listTemplates: (accountId) => listTemplates(templates, accountId),
    createTemplate: (accountId, input) => createTemplate(templates, accountId, input),
    replaceTemplate: (accountId, id, input) => replaceTemplate(templates, accountId, id, input),
    removeTemplate: (accountId, id) => removeTemplate(templates, accountId, id),
  };
}

function enginesOf({ engines, stores, secrets, accountId }: UseCaseParts) {
  return describeEngines(engines, stores.probes, (vendor) =>
    secrets.credentials.hasModel(accountId, null, vendor),
  );
}

async function describeProvider(provider: Provider): Promise<ProviderInfo> {
  const { limits } = await provider.capabilities();
  const found = await provider.check(AbortSignal.timeout(CHECK_MS));
  const ready = found.every((check) => check.level !== "fail");
  return { id: provider.id, title: provider.title, ready, limits, checks: found };
}

async function checks(parts: UseCaseParts): Promise<Check[]> {
  const engines = await enginesOf(parts);
  return engines.flatMap((engine) => [
    ...engine.problems.map((detail): Check => ({ id: `engine.${engine.id}`, level: "warn", detail })),
    ...engine.probes.map(({ provider, ok, detail }): Check => ({
      id: `engine.${engine.id}.first-file.${provider}`,
      level: ok ? "ok" : "fail",
      detail: `${engine.title} ${engine.version ?? ""} on ${provider}: ${detail}`,
    })),
  ]);
}
