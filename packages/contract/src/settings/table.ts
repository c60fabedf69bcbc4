import type { z } from "zod";
import { storageValue } from "./storage-address.ts";
import {
  absolutePathsValue,
  cpusValue,
  databaseUrlValue,
  hostValue,
  keptBytesValue,
  httpUrlValue,
  keptSandboxValue,
  keyValue,
  listValue,
  logFormatValue,
  logLevelValue,
  masterKeysValue,
  memoryValue,
  metricsValue,
  moneyValue,
  pathValue,
  pidsValue,
  portValue,
  regionValue,
  retentionValue,
  roomValue,
  runningValue,
  spanValue,
  unknownModelsValue,
} from "./values.ts";

interface Definition<S extends z.ZodType<unknown, string>, D extends string | null> {
  /** The variable; the key in config.json is the name of the entry in the table. */
  env: string;
  /** Who reads it: the command line, the server, or both. */
  scope: "client" | "server" | "both";
  /** The text used when nothing is set; null when "not set" is a meaning of its own. */
  default: D;
  describe: string;
  schema: S;
  /** How doctor may show it: `key` only its end, `url` without the password. */
  secret?: "key" | "url";
  /**
   * May a `.env` in the current folder set it? That folder is often somebody else's repository, so only
   * what cannot redirect a credential or open the machine. Agency's own folder may set everything.
   */
  project?: true;
}

const setting = <S extends z.ZodType<unknown, string>, D extends string | null>(
  definition: Definition<S, D>,
) => definition;

export const SETTINGS = {
  home: setting({
    env: "AGENCY_HOME",
    scope: "both",
    default: null,
    describe: "Folder of everything Agency keeps.",
    schema: pathValue,
  }),
  url: setting({
    env: "AGENCY_URL",
    scope: "client",
    default: null,
    describe: "Address of the server to talk to, when it is not the one on this machine.",
    schema: httpUrlValue,
    project: true,
  }),
  apiKey: setting({
    env: "AGENCY_API_KEY",
    scope: "client",
    default: null,
    describe: "Key for that server.",
    schema: keyValue,
    secret: "key",
    project: true,
  }),
  listen: setting({
    env: "AGENCY_LISTEN",
    scope: "server",
    default: "127.0.0.1",
    describe: "Address the server listens on.",
    schema: hostValue,
  }),
  port: setting({
    env: "AGENCY_PORT",
    scope: "server",
    default: "7717",
    describe: "Port the server listens on; 0 takes a free one.",
    schema: portValue,
  }),
  publicUrl: setting({
    env: "AGENCY_PUBLIC_URL",
    scope: "server",
    default: null,
    describe:
      "Address people reach this server at, for links to runs; http://127.0.0.1 and its port when not set.",
    schema: httpUrlValue,
  }),
  allowedHosts: setting({
    env: "AGENCY_ALLOWED_HOSTS",
    scope: "server",
    default: "",
    describe: "Further host names the server answers to, with commas between them.",
    schema: listValue,
  }),
  databaseUrl: setting({
    env: "DATABASE_URL",
    scope: "server",
    default: null,
    describe: "PostgreSQL to use instead of the embedded one.",
    schema: databaseUrlValue,
    secret: "url",
  }),
  postgresPrograms: setting({
    env: "AGENCY_PGBIN",
    scope: "server",
    default: null,
    describe: "Folder with PostgreSQL programs to use instead of the bundled ones.",
    schema: pathValue,
  }),
  storage: setting({
    env: "AGENCY_STORAGE",
    scope: "server",
    default: "local",
    describe:
      "Where artifacts, checkpoints and other blobs live: local (the data folder), or a bucket. AWS: " +
      "s3://bucket/prefix?region=eu-central-1. MinIO: s3://bucket?endpoint=http://minio:9000. " +
      "Cloudflare R2: s3://bucket?endpoint=https://<account>.r2.cloudflarestorage.com&region=auto. Google Cloud " +
      "Storage (with an HMAC key): s3://bucket?endpoint=https://storage.googleapis.com&region=auto.",
    schema: storageValue,
    secret: "url",
  }),
  awsAccessKeyId: setting({
    env: "AWS_ACCESS_KEY_ID",
    scope: "server",
    default: null,
    describe:
      "Key id for that bucket; not set: the credentials the AWS SDK finds, such as the machine's role.",
    schema: keyValue,
    secret: "key",
  }),
  awsSecretAccessKey: setting({
    env: "AWS_SECRET_ACCESS_KEY",
    scope: "server",
    default: null,
    describe: "The secret of that key.",
    schema: keyValue,
    secret: "key",
  }),
  awsSessionToken: setting({
    env: "AWS_SESSION_TOKEN",
    scope: "server",
    default: null,
    describe: "Token that belongs to a temporary key.",
    schema: keyValue,
    secret: "key",
  }),
  awsRegion: setting({
    env: "AWS_REGION",
    scope: "server",
    default: null,
    describe: "Region of the bucket, when AGENCY_STORAGE names none.",
    schema: regionValue,
  }),
  accountBytes: setting({
    env: "AGENCY_ACCOUNT_BYTES",
    scope: "server",
    default: "100g",
    describe: "Most that the files and checkpoints of one account may take of the storage; 0: no limit.",
    schema: roomValue,
  }),
  freeBytes: setting({
    env: "AGENCY_FREE_BYTES",
    scope: "server",
    default: "1g",
    describe: "Room on the disk that the local storage leaves free; 0: it takes all there is.",
    schema: roomValue,
  }),
  mirrorBytes: setting({
    env: "AGENCY_MIRROR_BYTES",
    scope: "server",
    default: "10g",
    describe:
      "Room for mirrors of repositories, which make the second checkout of one fast; 0: none are kept.",
    schema: keptBytesValue,
  }),
  cacheBytes: setting({
    env: "AGENCY_CACHE_BYTES",
    scope: "server",
    default: "20g",
    describe:
      "Room for what package managers downloaded, kept for the next task of a repository; 0: none is kept.",
    schema: keptBytesValue,
  }),
  maxRunning: setting({
    env: "AGENCY_MAX_RUNNING",
    scope: "server",
    default: "4",
    describe: "Most tasks that run at the same time.",
    schema: runningValue,
  }),
  maxRunningPerAccount: setting({
    env: "AGENCY_MAX_RUNNING_PER_ACCOUNT",
    scope: "server",
    default: null,
    describe: "Most tasks of one account that run at the same time; not set: as many as may run at all.",
    schema: runningValue,
  }),
  maxKept: setting({
    env: "AGENCY_MAX_KEPT",
    scope: "server",
    default: "10",
    describe: "Most sandboxes of one account that are kept after their tasks.",
    schema: runningValue,
  }),
  maxKeep: setting({
    env: "AGENCY_MAX_KEEP",
    scope: "server",
    default: "7d",
    describe: "Longest time a sandbox is kept after its task.",
    schema: keptSandboxValue,
  }),
  anthropicApiKey: setting({
    env: "ANTHROPIC_API_KEY",
    scope: "server",
    default: null,
    describe: "Key of the Anthropic API. Stays outside the sandbox.",
    schema: keyValue,
    secret: "key",
    project: true,
  }),
  claudeCodeOauthToken: setting({
    env: "CLAUDE_CODE_OAUTH_TOKEN",
    scope: "server",
    default: null,
    describe: "Token of a Claude subscription, from `claude setup-token`. Stays outside the sandbox.",
    schema: keyValue,
    secret: "key",
    project: true,
  }),
  anthropicBaseUrl: setting({
    env: "ANTHROPIC_BASE_URL",
    scope: "server",
    default: "https://api.anthropic.com",
    describe: "Where the Anthropic API is.",
    schema: httpUrlValue,
  }),
  openaiApiKey: setting({
    env: "OPENAI_API_KEY",
    scope: "server",
    default: null,
    describe: "Key of the OpenAI API, or of a server that speaks it. Stays outside the sandbox.",
    schema: keyValue,
    secret: "key",
    project: true,
  }),
  openaiBaseUrl: setting({
    env: "OPENAI_BASE_URL",
    scope: "server",
    default: "https://api.openai.com/v1",
    describe: "Where the OpenAI API is; any server that speaks it will do, such as Ollama, vLLM or LiteLLM.",
    schema: httpUrlValue,
  }),
  githubToken: setting({
    env: "GITHUB_TOKEN",
    scope: "server",
    default: null,
    describe: "Token for repositories on github.com. Stays outside the sandbox.",
    schema: keyValue,
    secret: "key",
    project: true,
  }),
  githubApiUrl: setting({
    env: "AGENCY_GITHUB_API_URL",
    scope: "server",
    default: "https://api.github.com",
    describe: "Where the API of GitHub is.",
    schema: httpUrlValue,
  }),
  masterKeys: setting({
    env: "AGENCY_MASTER_KEY",
    scope: "server",
    default: null,
    describe:
      "Keys that stored secrets are sealed with, instead of the file `master-key` of the data folder.",
    schema: masterKeysValue,
    secret: "key",
  }),
  prices: setting({
    env: "AGENCY_PRICES",
    scope: "server",
    default: null,
    describe: "JSON file with prices of models that replace or add to the shipped ones.",
    schema: pathValue,
  }),
  unknownModels: setting({
    env: "AGENCY_UNKNOWN_MODELS",
    scope: "server",
    default: "dearest",
    describe:
      "A model without a price: counted as the dearest one known (dearest), or not called at all (refuse).",
    schema: unknownModelsValue,
  }),
  computePrice: setting({
    env: "AGENCY_COMPUTE_USD_PER_HOUR",
    scope: "server",
    default: "0",
    describe: "What an hour in a sandbox of this machine costs; it counts against budgets.",
    schema: moneyValue,
  }),
  logLevel: setting({
    env: "AGENCY_LOG_LEVEL",
    scope: "server",
    default: "info",
    describe: "Least important log line that is written: debug, info, warn or error.",
    schema: logLevelValue,
    project: true,
  }),
  logFormat: setting({
    env: "AGENCY_LOG_FORMAT",
    scope: "server",
    default: "auto",
    describe: "json, pretty, or auto: pretty on a terminal.",
    schema: logFormatValue,
    project: true,
  }),
  sandboxReadonly: setting({
    env: "AGENCY_SANDBOX_READONLY",
    scope: "server",
    default: "",
    describe: "Folders of this machine an agent may read, with commas between them.",
    schema: absolutePathsValue,
  }),
  sandboxReadwrite: setting({
    env: "AGENCY_SANDBOX_READWRITE",
    scope: "server",
    default: "",
    describe: "Folders of this machine an agent may change, with commas between them.",
    schema: absolutePathsValue,
  }),
  sandboxMemory: setting({
    env: "AGENCY_SANDBOX_MEMORY",
    scope: "server",
    default: "4g",
    describe: "Most memory of one sandbox.",
    schema: memoryValue,
  }),
  sandboxPids: setting({
    env: "AGENCY_SANDBOX_PIDS",
    scope: "server",
    default: "1024",
    describe: "Most processes and threads of one sandbox.",
    schema: pidsValue,
  }),
  sandboxCpus: setting({
    env: "AGENCY_SANDBOX_CPUS",
    scope: "server",
    default: "2",
    describe: "Processors one sandbox may use.",
    schema: cpusValue,
  }),
  dnsServers: setting({
    env: "AGENCY_DNS",
    scope: "server",
    default: "",
    describe:
      "Name servers (address or address:port) for the names an agent connects to, with commas between them; " +
      "not set: those of this machine.",
    schema: listValue,
  }),
  internalHosts: setting({
    env: "AGENCY_INTERNAL_HOSTS",
    scope: "server",
    default: "",
    describe:
      "Hosts on internal networks (name or name:port) whose repositories tasks may read, with commas between them.",
    schema: listValue,
  }),
  keepEvents: setting({
    env: "AGENCY_KEEP_EVENTS",
    scope: "server",
    default: "365d",
    describe: "How long the events of a task are kept after its end, such as 90d or forever.",
    schema: retentionValue,
  }),
  keepArtifacts: setting({
    env: "AGENCY_KEEP_ARTIFACTS",
    scope: "server",
    default: "90d",
    describe: "How long the artifacts of a task are kept after its end.",
    schema: retentionValue,
  }),
  keepCheckpoints: setting({
    env: "AGENCY_KEEP_CHECKPOINTS",
    scope: "server",
    default: "30d",
    describe:
      "How long the checkpoints of a task are kept after its end; the newest, and those with a label, stay.",
    schema: retentionValue,
  }),
  archiveAfter: setting({
    env: "AGENCY_ARCHIVE_AFTER",
    scope: "server",
    default: "7d",
    describe: "How long after its end the events of a task move from the database to the storage.",
    schema: spanValue,
  }),
  metrics: setting({
    env: "AGENCY_METRICS",
    scope: "server",
    default: "on",
    describe: "Prometheus metrics at /metrics: on (behind a key), public or off.",
    schema: metricsValue,
  }),
};

type Table = typeof SETTINGS;
export type SettingKey = keyof Table;
export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];

type ValueOf<K extends SettingKey> =
  | z.output<Table[K]["schema"]>
  | (Table[K]["default"] extends string ? never : null);

/** Every setting as the value it means. `home` is the data folder itself: absolute and always known. */
export type Settings = { [K in Exclude<SettingKey, "home">]: ValueOf<K> } & { home: string };
