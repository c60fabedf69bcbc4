import { createTaskSchema, MAX_WALL_MS, parseNetwork } from "@agency/contract";
import type { CreateTaskInput, Network, Task } from "@agency/contract";
import { longFlag } from "../program/command.ts";
import { formatLimit } from "../render/numbers.ts";
import { UsageError } from "../usage-error.ts";

/** What work is held to and hands back, as it was typed. */
export interface Terms {
  timeout: number | undefined;
  budget: number | undefined;
  deliver: string | undefined;
  pr: number | undefined;
  check: string[];
}

export interface RunOptions extends Terms {
  engine: string | undefined;
  model: string | undefined;
  provider: string | undefined;
  repo: string | undefined;
  branch: string | undefined;
  name: string | undefined;
  treeBudget: number | undefined;
  network: string | undefined;
  allowInternalNetwork: boolean;
  also: string[];
  pushBranch: string | undefined;
  approve: string | undefined;
  allowCommand: string[];
  denyCommand: string[];
  noQuestions: boolean;
  onBudget: string | undefined;
  onUsageLimit: string | undefined;
  project: string | undefined;
  demo: boolean;
  command: string | undefined;
  env: (readonly [string, string])[];
  label: (readonly [string, string])[];
  priority: number | undefined;
  commits: string | undefined;
  artifact: string[];
  keep: number | undefined;
  noShutdown: boolean;
}

/** The request a run makes, or a UsageError that speaks of flags instead of fields. */
export function toCreateTask(
  prompt: string,
  options: RunOptions,
  secrets: Readonly<Record<string, string>> = {},
): CreateTaskInput {
  checkTogether(options);
  const input = withoutUndefined({
    prompt,
    engine: options.command === undefined ? options.engine : "command",
    model: options.model,
    provider: options.provider,
    repository:
      options.repo === undefined
        ? undefined
        : withoutUndefined({ url: options.repo, branch: options.branch, pushBranch: options.pushBranch }),
    repositories: options.also,
    ...termsOf(options, { treeCostUsd: options.treeBudget }),
    network: options.network === undefined ? undefined : networkOf(options.network),
    allowInternalNetwork: options.allowInternalNetwork,
    approve: options.approve,
    commandPolicy: { allow: options.allowCommand, deny: options.denyCommand },
    questions: !options.noQuestions,
    onBudget: options.onBudget,
    onUsageLimit: options.onUsageLimit,
    project: options.project,
    secrets,
    demo: options.demo,
    command: options.command,
    name: options.name,
    env: Object.fromEntries(options.env),
    labels: Object.fromEntries(options.label),
    priority: options.priority,
    commits: options.commits,
    artifacts: options.artifact,
    keep: options.noShutdown ? "longest" : options.keep,
  });
  return checked(input);
}

/** The request that goes on from another task: what it leaves out stays as it was there. */
export function toNextTask(
  prompt: string,
  parent: Task,
  resume: NonNullable<CreateTaskInput["resume"]>,
  options: Terms,
): CreateTaskInput {
  checkRepository(options, parent.repository !== null, "The task it goes on from has none.");
  // What the server does not take over by itself, because a request cannot leave it open.
  const { engine, provider, allowInternalNetwork, onBudget, onUsageLimit, labels, priority, demo } = parent;
  const kept = { engine, provider, allowInternalNetwork, onBudget, onUsageLimit, labels, priority, demo };
  const { limits, checks, ...rest } = termsOf(options);
  const given = {
    limits: Object.keys(limits).length === 0 ? undefined : limits,
    checks: checks.length === 0 ? undefined : checks,
  };
  const input = { prompt, ...kept, ...withoutUndefined({ ...rest, ...given }), resume };
  checked(input);
  return input;
}

function termsOf({ timeout, budget, deliver, pr, check }: Terms, more: Record<string, unknown> = {}) {
  return {
    limits: withoutUndefined({ wallMs: timeout, costUsd: budget, ...more }),
    deliver,
    pullRequest: pr,
    checks: check,
  };
}

function checked(input: Record<string, unknown>): CreateTaskInput {
  const parsed = createTaskSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const sentences = parsed.error.issues.map(({ path, message }) => sentenceOf(path.map(String), message));
  throw new UsageError([...new Set(sentences)].join("\n"));
}

function checkRepository(
  options: Pick<Terms, "deliver" | "pr"> & Partial<Pick<RunOptions, "branch" | "pushBranch">>,
  isThere: boolean,
  next: string,
): void {
  if (isThere) return;
  for (const flag of ["branch", "pushBranch", "pr"] as const) {
    if (options[flag] !== undefined) throw new UsageError(`${longFlag(flag)} needs a repository.`, next);
  }
  if (options.deliver === "branch" || options.deliver === "pr")
    throw new UsageError(`--deliver ${options.deliver} needs a repository.`, next);
}

/** What each is fine by itself and makes no sense together. */
function checkTogether(options: RunOptions): void {
  checkRepository(options, options.repo !== undefined, "Name it with --repo.");
  if (options.pr !== undefined && options.branch !== undefined) {
    throw new UsageError("--pr and --branch are two places to start from.", "Leave one of the two out.");
  }
  if (options.keep !== undefined && options.noShutdown) {
    throw new UsageError("--keep and --no-shutdown say two things.", "Leave one of the two out.");
  }
  if (options.command !== undefined && options.engine !== undefined && options.engine !== "command") {
    throw new UsageError(
      `--command is for the engine "command", not for "${options.engine}".`,
      "Leave one of the two out.",
    );
  }
}

function networkOf(text: string): Network {
  const network = parseNetwork(text.trim());
  if (network !== null) return network;
  throw new UsageError(
    `--network "${text}" is not a network policy.`,
    "Write --network none, --network internet, or hosts: --network 'allow:example.com,*.example.org,dev' (dev stands for package registries and code hosts; `agency network` shows your own lists).",
  );
}

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The fields whose own message says what to do; the flag in front of it is enough. */
const SPEAKING: Record<string, string> = {
  prompt: "The prompt",
  "repository.url": "--repo",
  "repository.branch": "--branch",
  "repository.pushBranch": "--push-branch",
};

const RULES: Record<string, string> = {
  "limits.wallMs": `--timeout must be from 1s to ${formatLimit(MAX_WALL_MS)}: longer work is a chain of tasks.`,
  "limits.costUsd": "--budget must be more than $0 and at most $100,000.",
  engine: "--engine must be the name of an engine: `agency doctor` lists them.",
  provider: "--provider must be the name of a provider: `agency doctor` lists them.",
  model: "--model must have 1 to 128 characters.",
  "limits.treeCostUsd": "--tree-budget must be more than $0 and at most $100,000.",
  repositories: "--also takes at most 50 addresses of repositories, such as https://host/owner/name.",
  commandPolicy:
    "--allow-command and --deny-command take at most 200 patterns of 1 to 500 characters, such as 'git *'.",
  project: "--project must have 1 to 63 lower-case letters, digits, . _ or -.",
  secrets: "--secret values must have 8 to 32,768 characters, and names look like ANTHROPIC_API_KEY.",
  name: "--name must be one line of 1 to 200 characters.",
  command: "--command must have 1 to 32,768 characters.",
  env: "--env takes at most 100 variables, with names of letters, digits and _, and values of at most 32,768 characters.",
  labels:
    "--label takes at most 32 labels, with keys of lower-case letters, digits, . _ and -, and values of at most 200 characters.",
  keep: "--keep must be from 1s to 7d.",
  checks: "--check takes at most 20 commands of 1 to 4,096 characters.",
  artifacts: "--artifact takes at most 50 patterns of 1 to 500 characters, such as 'dist/**'.",
  priority: "--priority must be a whole number from -100 to 100.",
};

function sentenceOf(path: readonly string[], message: string): string {
  const field = path.join(".");
  const speaker = SPEAKING[field];
  if (speaker !== undefined) return `${speaker} ${message}.`;
  return RULES[field] ?? RULES[path[0] ?? ""] ?? `${field}: ${message}.`;
}
