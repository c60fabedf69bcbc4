import type { z } from "zod";
import { setting } from "./setting.ts";
import { STORAGE_SETTINGS } from "./storage-settings.ts";
import {
  absolutePathsValue,
  cpusValue,
  databaseUrlValue,
  hostValue,
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
  runningValue,
  unknownModelsValue,
} from "./values.ts";

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
  trustedProxies: setting({
    env: "AGENCY_TRUSTED_PROXIES",
    scope: "server",
    default: "",
    describe:
      "Addresses of proxies in front whose X-Forwarded-For and X-Forwarded-Proto are believed, with commas between them.",
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
  ...STORAGE_SETTINGS,
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
