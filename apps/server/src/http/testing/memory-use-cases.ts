import { AgencyError, DEFAULT_LIMITS, TERMINAL_STATES } from "@agency/contract";
import type { CreateTask, Retention, SecretInfo, SetSecret, Task } from "@agency/contract";
import { createEventFollower, uuidv7 } from "@agency/control";
import type { UseCases } from "../deps.ts";
import { memoryFiles } from "./memory-files.ts";
import { MemoryLog } from "./memory-log.ts";
import { memoryNetwork } from "./memory-network.ts";
import { memoryOverview } from "./memory-overview.ts";

const NOW = "2026-03-01T12:00:00.000Z";

/** Everything behind the API in memory: enough of it to be told apart from the real thing by nobody outside. */
export interface MemoryUseCases extends UseCases {
  readonly log: MemoryLog;
  /** Keys that came with `createTask`, in order. */
  readonly idempotencyKeys: (string | undefined)[];
  missing: string[];
  /** Thrown by the next call of anything. */
  failure: Error | null;
  addTask(accountId: string, change?: Partial<Task>): Task;
}

export function createMemoryUseCases(): MemoryUseCases {
  const tasks = new Map<string, { accountId: string; task: Task }>();
  const log = new MemoryLog();
  const follower = createEventFollower({ events: log, bus: log });

  const add = (accountId: string, task: Task): Task => {
    tasks.set(task.id, { accountId, task });
    log.write(task.id, { type: "status", data: { state: task.state } });
    return task;
  };
  const find = (accountId: string, id: string): Task => {
    const found = tasks.get(id);
    if (found?.accountId === accountId) return { ...found.task, lastSeq: log.lastSeq(id) };
    throw new AgencyError("not_found", `There is no task ${id}.`);
  };
  const change = (accountId: string, id: string, to: Partial<Task>): Task => {
    const task = { ...find(accountId, id), ...to };
    tasks.set(id, { accountId, task });
    return task;
  };
  const fail = () => {
    if (memory.failure !== null) throw memory.failure;
  };

  const memory: MemoryUseCases = {
    log,
    idempotencyKeys: [],
    missing: [],
    failure: null,
    addTask: (accountId, change) => add(accountId, { ...taskFrom({ prompt: "do it" }), ...change }),
    async createTask(accountId, input, _actor, idempotencyKey) {
      fail();
      memory.idempotencyKeys.push(idempotencyKey);
      return add(accountId, taskFrom(input));
    },
    async getTask(accountId, id) {
      fail();
      return find(accountId, id);
    },
    async listTasks(accountId, query) {
      fail();
      const mine = [...tasks.values()].filter((entry) => entry.accountId === accountId);
      return { tasks: mine.slice(0, query.limit).map(({ task }) => task), nextCursor: null };
    },
    async cancelTask(accountId, id) {
      fail();
      return change(accountId, id, { cancelRequested: true });
    },
    async keepTask(accountId, id) {
      fail();
      return change(accountId, id, { keepMs: 1000 });
    },
    async releaseTask(accountId, id) {
      fail();
      return change(accountId, id, { keepMs: null });
    },
    async openTerminal(accountId, id) {
      fail();
      find(accountId, id);
      return { id, runner: Promise.resolve(null), close: () => undefined };
    },
    async sendMessage(accountId, id) {
      fail();
      if (isOver(find(accountId, id))) throw new AgencyError("task_finished", `Task ${id} has ended.`);
      return { id: uuidv7(Date.now()) };
    },
    async deleteTask(accountId, id) {
      fail();
      if (!isOver(find(accountId, id))) throw new AgencyError("conflict", `Task ${id} is still alive.`);
      tasks.delete(id);
    },
    ...waiting(find, change, fail),
    ...memoryFiles(find, fail),
    ...accounts(fail),
    ...memoryNetwork(fail),
    ...memoryOverview(find, fail),
    readEvents: (id, after, limit, types) => log.read(id, after, limit, types),
    async readEvent(id, seq) {
      const [event] = (await log.read(id, seq - 1, 1)).events;
      if (event?.seq !== seq) throw new AgencyError("not_found", `Task ${id} has no event ${seq}.`);
      return event;
    },
    followEvents: (request) => follower.follow(request),
    ...describing(() => memory.missing, fail),
  };
  return memory;
}

type Find = (accountId: string, id: string) => Task;
type Change = (accountId: string, id: string, to: Partial<Task>) => Task;

function waiting(
  find: Find,
  change: Change,
  fail: () => void,
): Pick<UseCases, "pauseTask" | "resumeTask" | "answerTask" | "changeLimits"> {
  const live = (accountId: string, id: string): Task => {
    fail();
    const task = find(accountId, id);
    if (isOver(task)) throw new AgencyError("task_finished", `Task ${id} has ended.`);
    return task;
  };
  return {
    async pauseTask(accountId, id) {
      live(accountId, id);
      return change(accountId, id, { state: "waiting", reason: "paused_by_user" });
    },
    async resumeTask(accountId, id) {
      live(accountId, id);
      return change(accountId, id, { state: "running", reason: null });
    },
    async answerTask(accountId, id) {
      return live(accountId, id);
    },
    async changeLimits(accountId, id, { set }) {
      const { limits } = live(accountId, id);
      return change(accountId, id, { limits: { ...limits, ...definedOnly(set) } });
    },
  };
}

function accounts(
  fail: () => void,
): Pick<
  UseCases,
  | "accountBudget"
  | "setAccountBudget"
  | "retention"
  | "setRetention"
  | "listSecrets"
  | "setSecret"
  | "removeSecret"
  | "rotateSecrets"
  | "listAudit"
> {
  const span = { capUsd: null, spentUsd: 0, resetsAt: NOW };
  const secrets = new Map<string, SecretInfo>();
  const caps: { dayUsd: number | null; monthUsd: number | null } = { dayUsd: null, monthUsd: null };
  const kept: Retention = { eventsMs: 1, artifactsMs: null, checkpointsMs: null };
  const budget = () => ({ day: { ...span, capUsd: caps.dayUsd }, month: { ...span, capUsd: caps.monthUsd } });
  return {
    async accountBudget() {
      fail();
      return budget();
    },
    async setAccountBudget(_, input) {
      fail();
      Object.assign(caps, definedOnly(input));
      return budget();
    },
    async retention() {
      fail();
      return kept;
    },
    async setRetention(_, input) {
      fail();
      return Object.assign(kept, definedOnly(input));
    },
    async listSecrets() {
      fail();
      return [...secrets.values()];
    },
    async setSecret(_, name, input) {
      fail();
      const info = secretFrom(name, input);
      secrets.set(name, info);
      return info;
    },
    async removeSecret(_, name) {
      fail();
      if (!secrets.delete(name)) throw new AgencyError("not_found", `There is no secret ${name}.`);
    },
    async rotateSecrets() {
      fail();
      return { rewrapped: secrets.size, keyId: "k2" };
    },
    async listAudit() {
      fail();
      return { entries: [], nextCursor: null };
    },
  };
}

function secretFrom(name: string, { kind, project }: SetSecret): SecretInfo {
  return {
    name,
    project: project ?? null,
    kind: kind ?? "token",
    use: "tests",
    source: "stored",
    hint: "…abcd",
    version: 1,
    updatedAt: NOW,
    checked: null,
  };
}

function describing(
  missing: () => string[],
  fail: () => void,
): Pick<UseCases, "engines" | "providers" | "status" | "notReady"> {
  return {
    engines: async () => [
      {
        id: "claude",
        title: "Claude",
        version: "1",
        vendor: "anthropic",
        ready: true,
        problems: [],
        probes: [],
      },
    ],
    providers: async () => [
      { id: "local", title: "This machine", ready: true, limits: { memory: "cgroup" }, checks: [] },
    ],
    status: async () => {
      fail();
      return {
        type: "agency",
        version: "1.2.3",
        instanceId: "one",
        roles: ["api"],
        startedAt: NOW,
        database: "embedded",
        counts: { queued: 1 },
        settings: [{ name: "AGENCY_PORT", value: "7717", source: "default" }],
        checks: [],
      };
    },
    notReady: async () => missing(),
  };
}

function isOver(task: Task): boolean {
  return TERMINAL_STATES.some((state) => state === task.state);
}

function taskFrom(input: Pick<CreateTask, "prompt"> & Partial<CreateTask>): Task {
  return {
    id: uuidv7(Date.now()),
    name: input.name ?? "task",
    state: "queued",
    reason: null,
    message: null,
    cancelRequested: false,
    prompt: input.prompt,
    engine: input.engine ?? "claude",
    model: input.model ?? null,
    provider: input.provider ?? "local",
    repository: input.repository ?? null,
    limits: { ...DEFAULT_LIMITS, ...definedOnly(input.limits ?? {}) },
    repositories: input.repositories ?? [],
    network: input.network ?? "internet",
    allowInternalNetwork: input.allowInternalNetwork ?? false,
    approve: input.approve ?? "none",
    onBudget: input.onBudget ?? "wait",
    onUsageLimit: input.onUsageLimit ?? "next",
    project: input.project ?? null,
    deliver: input.deliver ?? "files",
    checks: input.checks ?? [],
    commandPolicy: input.commandPolicy ?? { allow: [], deny: [] },
    questions: input.questions ?? true,
    commits: input.commits ?? "squash",
    artifacts: input.artifacts ?? [],
    envNames: Object.keys(input.env ?? {}).toSorted(),
    secretNames: Object.keys(input.secrets ?? {}).toSorted(),
    command: input.command ?? null,
    pullRequest: input.pullRequest ?? null,
    review: null,
    resumedFrom: null,
    keepMs: null,
    sandbox: null,
    waits: [],
    asks: [],
    waitedMs: 0,
    demo: input.demo ?? false,
    labels: input.labels ?? {},
    priority: input.priority ?? 0,
    parentId: input.parentId ?? null,
    attempt: 0,
    lastSeq: 1,
    costUsd: 0,
    usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, calls: 0 },
    activity: null,
    lastEventAt: null,
    result: null,
    notBefore: input.notBefore ?? null,
    createdAt: NOW,
    startedAt: null,
    finishedAt: null,
  };
}

function definedOnly<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}
