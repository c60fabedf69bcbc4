import type { Duplex } from "node:stream";
import {
  accountBudget,
  accountNetwork,
  accountRetention,
  answerTask,
  askCheckpoint,
  cancelTask,
  changeLimits,
  createCheckpointLists,
  createFileLanes,
  changeNetwork,
  createEventFollower,
  createFeed,
  createManifests,
  createTask,
  createTemplate,
  deleteTask,
  downloadArtifact,
  estimate,
  downloadCheckpoint,
  finishUpload,
  getArtifact,
  getTask,
  keepTask,
  listArtifacts,
  listAudit,
  listCheckpointFiles,
  listCheckpoints,
  listFiles,
  listSecrets,
  listTasks,
  listTemplates,
  offerUpload,
  pauseTask,
  queueInfo,
  readCheckpointFile,
  readEvent,
  readFile,
  releaseTask,
  removeNetworkList,
  removeSecret,
  removeTemplate,
  replaceTemplate,
  resumeTask,
  sealTaskSecrets,
  sendMessage,
  setAccountBudget,
  setAccountRetention,
  setNetworkList,
  setSecret,
  spend,
  stopTasks,
  systemClock,
  takeUpload,
  UPLOAD_LIMITS,
} from "@agency/control";
import type { Check, ProviderInfo, Setting, Status } from "@agency/contract";
import type { KeepBounds, Terminals, FindPullRequest, UploadAdmission } from "@agency/control";
import type { Bus, Logger, Provider, RepositoryObjects, RetentionTimes, Storage } from "@agency/core";
import type { UseCases } from "../http/deps.ts";
import { describeEngines } from "./engines.ts";
import type { InstalledEngine } from "./engines.ts";
import type { SecretKeeping } from "./secrets.ts";
import { createStorageCheck } from "./storage-check.ts";
import type { Stores } from "./stores.ts";

export interface UseCaseParts {
  stores: Stores;
  bus: Bus;
  storage: Storage;
  admission: UploadAdmission;
  /** What there is of repositories here; null: nothing. */
  objects: RepositoryObjects | null;
  providers: ReadonlyMap<string, Provider>;
  engines: readonly InstalledEngine[];
  secrets: SecretKeeping;
  findPullRequest: FindPullRequest;
  /** How long what is kept where an account has not said. */
  keeps: RetentionTimes;
  /** Whose credentials decide whether an engine is ready. */
  accountId: string;
  about: Pick<Status, "version" | "instanceId" | "roles" | "startedAt" | "database">;
  settings: Setting[];
  /** Most tasks at the same time. */
  capacity: number;
  storageName: string;
  terminals: Terminals<Duplex>;
  keepBounds: KeepBounds;
  logger: Logger;
  /** Asks the database something small. */
  pingDatabase: () => Promise<void>;
}

const CHECK_MS = 10_000;

/** The use cases with their ports bound: what the API can ask for. */
export function bindUseCases(parts: UseCaseParts): UseCases {
  const { stores, providers } = parts;
  const managing = { tasks: stores.tasks, storage: parts.storage, providers, now };
  const deleting = { ...managing, removals: stores.removals, logger: parts.logger };
  const storageCheck = createStorageCheck(parts.storage, now);
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
    ...sandboxUseCases(parts),
    sendMessage: (accountId, id, input) => sendMessage(managing, accountId, id, input),
    deleteTask: (accountId, id, by) => deleteTask(deleting, accountId, id, by),
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
      checks: [await storageCheck(), ...(await checks(parts))],
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

function sandboxUseCases({
  stores,
  providers,
  logger,
  keepBounds,
  terminals,
}: UseCaseParts): Pick<UseCases, "cancelTask" | "stopTasks" | "keepTask" | "releaseTask" | "openTerminal"> {
  const { tasks, attempts } = stores;
  const keeping = { tasks, attempts, providers, logger, keepBounds, now };
  return {
    cancelTask: (accountId, id, options) => cancelTask(keeping, accountId, id, options),
    stopTasks: (accountId, input) => stopTasks(keeping, accountId, input),
    keepTask: (accountId, id, input) => keepTask(keeping, accountId, id, input),
    releaseTask: (accountId, id) => releaseTask(keeping, accountId, id),
    openTerminal: terminals.open,
  };
}

function taskCreation(parts: UseCaseParts): Pick<UseCases, "createTask"> {
  const { stores, secrets, providers, findPullRequest } = parts;
  const { ring, credentials } = secrets;
  const creating = {
    tasks: stores.tasks,
    networks: stores.networks,
    artifacts: stores.artifacts,
    uploads: stores.uploads,
    findPullRequest,
    providerIds: [...providers.keys()],
    hasCredential: credentials.hasModel,
    keepBounds: parts.keepBounds,
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
  | "askCheckpoint"
  | "downloadCheckpoint"
  | "listCheckpointFiles"
  | "readCheckpointFile"
  | "takeUpload"
  | "offerUpload"
  | "finishUpload";

function keptUseCases(parts: UseCaseParts): Pick<UseCases, KeptUseCases> {
  const { stores, storage, admission, objects } = parts;
  const { tasks, artifacts, uploads } = stores;
  const lanes = createFileLanes();
  const deps = { tasks, artifacts, storage, manifests: createManifests(storage), lanes, now };
  const lists = createCheckpointLists(storage);
  const looking = { tasks, artifacts, storage, objects, lists, lanes };
  const uploading = { ...admission, uploads, storage, limits: UPLOAD_LIMITS };
  return {
    listArtifacts: (accountId, id) => listArtifacts(deps, accountId, id),
    getArtifact: (accountId, id, artifactId) => getArtifact(deps, accountId, id, artifactId),
    downloadArtifact: (accountId, id, artifactId) => downloadArtifact(deps, accountId, id, artifactId),
    listFiles: (accountId, id, query) => listFiles(deps, accountId, id, query),
    readFile: (accountId, id, path) => readFile(deps, accountId, id, path),
    listCheckpoints: (accountId, id) => listCheckpoints(deps, accountId, id),
    askCheckpoint: (accountId, id, label) => askCheckpoint(deps, accountId, id, label),
    downloadCheckpoint: (accountId, id, number) => downloadCheckpoint(deps, accountId, id, number),
    listCheckpointFiles: (accountId, id, number, query) =>
      listCheckpointFiles(looking, accountId, id, number, query),
    readCheckpointFile: (accountId, id, number, path, gone) =>
      readCheckpointFile(looking, accountId, id, number, path, gone),
    takeUpload: (accountId, told, body) => takeUpload(uploading, accountId, told, body),
    offerUpload: (accountId, told) => offerUpload(uploading, accountId, told),
    finishUpload: (accountId, id) => finishUpload(uploading, accountId, id),
  };
}

type AccountUseCases =
  | "accountBudget"
  | "setAccountBudget"
  | "retention"
  | "setRetention"
  | "network"
  | "changeNetwork"
  | "setNetworkList"
  | "removeNetworkList"
  | "listSecrets"
  | "setSecret"
  | "removeSecret"
  | "rotateSecrets"
  | "listAudit";

function accountUseCases({ stores, secrets, keeps }: UseCaseParts): Pick<UseCases, AccountUseCases> {
  const { managing, rotate } = secrets;
  const { costs, tasks, audit } = stores;
  const keeping = { retention: stores.retention, defaults: keeps, now };
  const networking = { networks: stores.networks, now };
  const budgeting = { costs, tasks, audit: audit.add, now };
  return {
    accountBudget: (accountId) => accountBudget(budgeting, accountId, now()),
    setAccountBudget: (accountId, caps, by) => setAccountBudget(budgeting, accountId, caps, by),
    retention: (accountId) => accountRetention(keeping, accountId),
    setRetention: (accountId, input, by) => setAccountRetention(keeping, accountId, input, by),
    network: (accountId) => accountNetwork(networking, accountId),
    changeNetwork: (accountId, input, by) => changeNetwork(networking, accountId, input, by),
    setNetworkList: (accountId, name, input, by) => setNetworkList(networking, accountId, name, input, by),
    removeNetworkList: (accountId, name, by) => removeNetworkList(networking, accountId, name, by),
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
  const { stores, capacity, storageName, bus, logger } = parts;
  const { overview } = stores;
  const feed = createFeed({ store: stores.feed, bus, clock: systemClock, logger });
  const templates = { store: stores.templates, now };
  return {
    followFeed: (accountId, place, signal) => feed.follow(accountId, place, signal),
    countTasks: (accountId, filter) => overview.countTasks(accountId, filter),
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
