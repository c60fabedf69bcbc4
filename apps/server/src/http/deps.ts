import type { Duplex } from "node:stream";
import type {
  AccountBudget,
  AccountNetwork,
  AnnounceUpload,
  Artifact,
  AuditEntry,
  CancelTask,
  ChangeLimits,
  ChangeNetwork,
  Checkpoint,
  CheckpointFileList,
  CreateTask,
  DirectUpload,
  EngineInfo,
  Estimate,
  EstimateQuery,
  EventType,
  FilterTasks,
  GiveAnswer,
  KeepSandbox,
  ListAudit,
  ListTasks,
  ProviderInfo,
  QueueInfo,
  RecentRepository,
  Retention,
  Rotated,
  SaveTemplate,
  SecretInfo,
  SendMessage,
  SetAccountBudget,
  SetNetworkList,
  SetRetention,
  SetSecret,
  Spend,
  SpendQuery,
  Status,
  StoppedTasks,
  StopTasks,
  StorageUse,
  Task,
  TaskCounts,
  TaskEvent,
  Template,
  Upload,
} from "@agency/contract";
import type {
  ApiKeys,
  ArchivedFilePage,
  Download,
  FeedFrame,
  FileQuery,
  FollowItem,
  FollowRequest,
  SignIn,
  OpenedTerminal,
} from "@agency/control";
import type { Clock, EventPage, Logger } from "@agency/core";
import type { HostPolicy } from "./middleware/host.ts";
import type { WebApp } from "./web/web-app.ts";

/** What the API can ask of the rest of Agency: the use cases of packages/control with their ports bound. */
export interface UseCases {
  createTask(
    accountId: string,
    input: CreateTask,
    actor: string,
    idempotencyKey: string | undefined,
  ): Promise<Task>;
  getTask(accountId: string, id: string): Promise<Task>;
  listTasks(accountId: string, query: ListTasks): Promise<{ tasks: Task[]; nextCursor: string | null }>;
  cancelTask(accountId: string, id: string, options: CancelTask): Promise<Task>;
  keepTask(accountId: string, id: string, input: KeepSandbox): Promise<Task>;
  releaseTask(accountId: string, id: string): Promise<Task>;
  openTerminal(accountId: string, id: string, actor: string): Promise<OpenedTerminal<Duplex>>;
  sendMessage(accountId: string, id: string, input: SendMessage): Promise<{ id: string }>;
  pauseTask(accountId: string, id: string): Promise<Task>;
  resumeTask(accountId: string, id: string): Promise<Task>;
  answerTask(accountId: string, id: string, input: GiveAnswer, by: string): Promise<Task>;
  changeLimits(accountId: string, id: string, input: ChangeLimits, by: string): Promise<Task>;
  deleteTask(accountId: string, id: string, by: string): Promise<void>;
  listArtifacts(accountId: string, id: string): Promise<Artifact[]>;
  getArtifact(accountId: string, id: string, artifactId: string): Promise<Artifact>;
  downloadArtifact(accountId: string, id: string, artifactId: string): Promise<Download>;
  listFiles(accountId: string, id: string, query: FileQuery): Promise<ArchivedFilePage>;
  readFile(accountId: string, id: string, path: string): Promise<Pick<Download, "name" | "bytes" | "open">>;
  listCheckpoints(accountId: string, id: string): Promise<Checkpoint[]>;
  askCheckpoint(accountId: string, id: string, label: string | null): Promise<{ id: string }>;
  downloadCheckpoint(accountId: string, id: string, number: number): Promise<Download>;
  listCheckpointFiles(
    accountId: string,
    id: string,
    number: number,
    query: FileQuery,
  ): Promise<CheckpointFileList>;
  readCheckpointFile(
    accountId: string,
    id: string,
    number: number,
    path: string,
    /** Goes off when nobody waits for it any more. */
    gone: AbortSignal,
  ): Promise<Pick<Download, "name" | "bytes" | "open">>;
  takeUpload(
    accountId: string,
    told: { bytes: number; sha256: string },
    body: AsyncIterable<Uint8Array>,
  ): Promise<Upload>;
  /** Null: this storage takes nothing but from us. */
  offerUpload(accountId: string, told: AnnounceUpload): Promise<DirectUpload | null>;
  finishUpload(accountId: string, id: string): Promise<Upload>;
  accountBudget(accountId: string): Promise<AccountBudget>;
  setAccountBudget(accountId: string, input: SetAccountBudget, by: string): Promise<AccountBudget>;
  retention(accountId: string): Promise<Retention>;
  setRetention(accountId: string, input: SetRetention, by: string): Promise<Retention>;
  network(accountId: string): Promise<AccountNetwork>;
  changeNetwork(accountId: string, input: ChangeNetwork, by: string): Promise<AccountNetwork>;
  setNetworkList(accountId: string, name: string, input: SetNetworkList, by: string): Promise<AccountNetwork>;
  removeNetworkList(accountId: string, name: string, by: string): Promise<void>;
  listSecrets(accountId: string): Promise<SecretInfo[]>;
  setSecret(accountId: string, name: string, input: SetSecret, by: string): Promise<SecretInfo>;
  removeSecret(accountId: string, name: string, project: string | null, by: string): Promise<void>;
  rotateSecrets(accountId: string, by: string): Promise<Rotated>;
  listAudit(
    accountId: string,
    query: ListAudit,
  ): Promise<{ entries: AuditEntry[]; nextCursor: string | null }>;
  /** Knows no accounts: ask `getTask` first. */
  readEvents(id: string, after: number, limit: number, types?: readonly EventType[]): Promise<EventPage>;
  /** Whole, however large it is. Knows no accounts: ask `getTask` first. */
  readEvent(id: string, seq: number): Promise<TaskEvent>;
  /** Knows no accounts: ask `getTask` first. */
  followEvents(request: FollowRequest): AsyncGenerator<FollowItem>;
  /** Everything that changes, until the signal aborts. */
  followFeed(accountId: string, place: string | null, signal: AbortSignal): AsyncGenerator<FeedFrame>;
  countTasks(accountId: string, filter: FilterTasks): Promise<TaskCounts>;
  stopTasks(accountId: string, input: StopTasks): Promise<StoppedTasks>;
  queue(accountId: string): Promise<QueueInfo>;
  spend(accountId: string, query: SpendQuery): Promise<Spend>;
  estimate(accountId: string, query: EstimateQuery): Promise<Estimate>;
  recentRepositories(accountId: string): Promise<RecentRepository[]>;
  storageUse(accountId: string): Promise<StorageUse>;
  listTemplates(accountId: string): Promise<Template[]>;
  createTemplate(accountId: string, input: SaveTemplate): Promise<Template>;
  replaceTemplate(accountId: string, id: string, input: SaveTemplate): Promise<Template>;
  removeTemplate(accountId: string, id: string): Promise<void>;
  engines(): Promise<EngineInfo[]>;
  providers(): Promise<ProviderInfo[]>;
  status(): Promise<Status>;
  /** Names of the parts that are not ready; none means ready. */
  notReady(): Promise<string[]>;
}

export interface ApiMetrics {
  httpRequest(method: string, route: string, status: number): void;
  /** Prometheus text. */
  render(): Promise<{ contentType: string; text: string }>;
}

export interface ApiDeps {
  useCases: UseCases;
  apiKeys: Pick<ApiKeys, "authenticate">;
  signIn: SignIn;
  /** Addresses of proxies whose word on a request counts. */
  trustedProxies: readonly string[];
  web: WebApp;
  hosts: HostPolicy;
  logger: Logger;
  clock: Clock;
  metrics: ApiMetrics;
  metricsPage: "off" | "key" | "public";
  version: string;
  /** Ends every event stream, so that a server that stops does not wait for its watchers. */
  stopping: AbortSignal;
}
