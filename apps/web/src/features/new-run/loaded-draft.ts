import type { Task, Template } from "@agency/contract";
import { baseOf, isRecord } from "./base.ts";
import { EMPTY, HOUR } from "./draft.ts";
import type { Draft } from "./draft.ts";

/** The form filled in as another run was started, as far as that can be read back. */
export function draftOf(task: Task, now: number = Date.now()): Draft {
  const { limits, repository, envNames = [], secretNames = [] } = task;
  return {
    ...EMPTY,
    prompt: task.prompt,
    repository: repository?.url ?? "",
    branch: repository?.branch ?? "",
    engine: task.engine,
    model: task.model ?? "",
    provider: task.provider,
    command: task.command ?? "",
    hours: String(limits.wallMs / HOUR),
    budget: String(limits.costUsd),
    turns: String(limits.turns),
    network: typeof task.network === "string" ? task.network : "hosts",
    hosts: typeof task.network === "string" ? "" : task.network.allow.join(", "),
    deliver: task.deliver,
    checks: task.checks.join("\n"),
    approve: task.approve,
    questions: task.questions ?? null,
    demo: task.demo,
    env: untyped(envNames),
    secrets: untyped(secretNames),
    base: baseOf(saidBeside(task, now)),
  };
}

function untyped(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, ""]));
}

/** What has no field, without what says no more than the server's own choice. */
function saidBeside(task: Task, now: number): object {
  const { repositories, project, keepMs, labels, priority, repository, commandPolicy, artifacts } = task;
  const { onBudget, onUsageLimit, limits, notBefore } = task;
  const commits = task.commits === "keep" ? task.commits : null;
  const said = {
    repositories,
    project,
    keep: keepMs,
    labels,
    priority,
    repository,
    commandPolicy,
    artifacts,
    // What a review was told is in its prompt already: said again it would be told twice.
    pullRequest: task.review ? null : task.pullRequest,
    notBefore: notBefore !== null && Date.parse(notBefore) > now ? notBefore : null,
  };
  const told = Object.entries({ ...said, commits }).filter(([, value]) => saysSomething(value));
  return { onBudget, onUsageLimit, limits, ...Object.fromEntries(told) };
}

function saysSomething(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(saysSomething);
  return value !== undefined && value !== null && value !== 0;
}

/** The words given win. Without them a run that goes on needs new ones: what it was asked it has done. */
export function beginningFrom(task: Task, checkpoint: number | undefined, words: string | undefined): Draft {
  const draft = draftOf(task);
  if (checkpoint === undefined) return { ...draft, prompt: words ?? draft.prompt };
  // The server takes the values of its env over: one that is sent takes the place of all of them.
  return { ...draft, prompt: words ?? "", env: {} };
}

/** A template may have been saved by the command line or by another version: anything can be in it. */
export function draftFrom({ task }: Pick<Template, "task">): Draft {
  const { network, approve, deliver } = task;
  const allow = part(network, "allow");
  const wallMs = part(task["limits"], "wallMs");
  return {
    prompt: text(task["prompt"]),
    name: text(task["name"]),
    repository: text(part(task["repository"], "url")),
    branch: text(part(task["repository"], "branch")),
    engine: text(task["engine"]) || EMPTY.engine,
    model: text(task["model"]),
    provider: text(task["provider"]) || EMPTY.provider,
    command: text(task["command"]),
    hours: typeof wallMs === "number" ? String(wallMs / HOUR) : "",
    budget: text(part(task["limits"], "costUsd")),
    turns: text(part(task["limits"], "turns")),
    network: Array.isArray(allow) ? "hosts" : text(network) || EMPTY.network,
    hosts: Array.isArray(allow) ? allow.map(text).join(", ") : "",
    deliver: (["branch", "pr", "files", "none"] as const).find((one) => one === deliver) ?? "",
    checks: Array.isArray(task["checks"]) ? task["checks"].map(text).join("\n") : "",
    approve: approveOf(approve),
    questions: task["questions"] !== false,
    demo: task["demo"] === true,
    env: {},
    secrets: {},
    base: baseOf(task),
  };
}

/** One that is not known asks for more than any that is: it is held to the strictest. */
function approveOf(value: unknown): Draft["approve"] {
  if (value === undefined || value === null || value === "none") return "none";
  return value === "commands" ? "commands" : "all";
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function part(value: unknown, key: string): unknown {
  return isRecord(value) ? Reflect.get(value, key) : undefined;
}
