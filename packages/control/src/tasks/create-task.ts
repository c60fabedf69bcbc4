import { createHash } from "node:crypto";
import { AgencyError, DEFAULT_LIMITS } from "@agency/contract";
import type { CreateTask, Task } from "@agency/contract";
import { ENGINE_CATALOG } from "@agency/core";
import type { EngineEntry, Idempotency, NewTask, TaskStore } from "@agency/core";
import { uuidv7 } from "../ids.ts";

export interface CreateTaskDeps {
  tasks: TaskStore;
  providerIds: readonly string[];
  /** Is there a credential for this vendor? Asked at submit, so that nobody waits for a run that cannot start. */
  hasCredential: (vendor: string) => boolean;
  now: () => number;
}

export interface CreateTaskRequest {
  accountId: string;
  input: CreateTask;
  idempotencyKey?: string;
}

const ROUTE = "POST /v1/tasks";

export async function createTask(deps: CreateTaskDeps, request: CreateTaskRequest): Promise<Task> {
  const { input, accountId } = request;
  const engine = knownEngine(input);
  checkProvider(deps, input.provider);
  checkCommand(engine, input);
  checkCredential(deps, engine, input);
  const idempotency =
    request.idempotencyKey === undefined ? null : idempotencyOf(request.idempotencyKey, input);
  const outcome = await deps.tasks.create(newTask(input, accountId, deps.now()), idempotency);
  switch (outcome.kind) {
    case "created":
    case "replayed":
      return outcome.task;
    case "mismatch":
      throw new AgencyError(
        "idempotency_mismatch",
        "This Idempotency-Key was used before with another request.",
        {
          next: "Use a new key for a new task.",
        },
      );
    case "no_parent":
      throw new AgencyError("not_found", `There is no task ${input.parentId ?? ""} to be the parent.`);
  }
}

function newTask(input: CreateTask, accountId: string, now: number): NewTask {
  const notBefore = input.notBefore === undefined ? null : Date.parse(input.notBefore);
  return {
    id: uuidv7(now),
    accountId,
    name: input.name ?? nameFrom(input.prompt),
    prompt: input.prompt,
    engine: input.engine,
    model: input.model ?? null,
    provider: input.provider,
    spec: {
      limits: { ...DEFAULT_LIMITS, ...definedOnly(input.limits) },
      network: input.network,
      repository: input.repository ?? null,
      env: input.env,
      command: input.command ?? null,
      demo: input.demo,
    },
    labels: input.labels,
    priority: input.priority,
    notBefore: notBefore !== null && notBefore > now ? notBefore : null,
    parentId: input.parentId ?? null,
    hidden: false,
  };
}

function definedOnly<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as never;
}

/** The first line of the prompt, short enough for a table. */
export function nameFrom(prompt: string): string {
  const line =
    prompt
      .trim()
      .split("\n", 1)[0]
      ?.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ")
      .trim() ?? "";
  const characters = Array.from(line);
  if (characters.length === 0) return "untitled";
  return characters.length <= 60 ? line : `${characters.slice(0, 59).join("").trimEnd()}…`;
}

function knownEngine(input: CreateTask): EngineEntry {
  const engine = ENGINE_CATALOG.find((entry) => entry.id === input.engine);
  if (engine) return engine;
  throw new AgencyError("unknown_engine", `There is no engine "${input.engine}".`, {
    next: `Engines here: ${ENGINE_CATALOG.map((entry) => entry.id).join(", ")}.`,
  });
}

function checkProvider(deps: CreateTaskDeps, provider: string): void {
  if (deps.providerIds.includes(provider)) return;
  throw new AgencyError("unknown_provider", `There is no provider "${provider}".`, {
    next: `Providers here: ${deps.providerIds.join(", ")}.`,
  });
}

function checkCommand(engine: EngineEntry, input: CreateTask): void {
  if (engine.needsCommand && input.command === undefined) {
    throw new AgencyError(
      "invalid_request",
      `The engine "${engine.id}" needs \`command\`: the program to run.`,
    );
  }
  if (!engine.needsCommand && input.command !== undefined) {
    throw new AgencyError(
      "invalid_request",
      `\`command\` is for the engine "command", not for "${engine.id}".`,
    );
  }
}

function checkCredential(deps: CreateTaskDeps, engine: EngineEntry, input: CreateTask): void {
  if (engine.vendor === null) {
    if (!input.demo) return;
    throw new AgencyError(
      "unsupported_option",
      `The engine "${engine.id}" calls no model, so there is no demo of it.`,
    );
  }
  if (input.demo || deps.hasCredential(engine.vendor)) return;
  throw new AgencyError(
    "no_credential",
    `No credential for ${engine.vendor} is set, and ${engine.title} needs one.`,
    {
      next: "Set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN for the server, or try it with --demo.",
    },
  );
}

function idempotencyOf(key: string, input: CreateTask): Idempotency {
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new AgencyError(
      "invalid_request",
      "The Idempotency-Key must be 1 to 255 visible ASCII characters.",
    );
  }
  const fingerprint = createHash("sha256")
    .update(JSON.stringify(sorted(input)))
    .digest();
  return { route: ROUTE, key, fingerprint };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([k, v]) => [k, sorted(v)]));
}
