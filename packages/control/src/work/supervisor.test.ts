import { expect, it } from "vitest";
import { DEFAULT_LIMITS } from "@agency/contract";
import type { ApplyOutcome, Clock, Logger, Provider, SupervisedTask, TaskCommand } from "@agency/core";
import { ProviderError } from "@agency/core";
import { createTokens } from "../access/tokens.ts";
import { createWakeups } from "../events/wakeups.ts";
import { createMemoryBus } from "../testing/memory-bus.ts";
import { DEFAULT_TIMES, superviseTask } from "./supervisor.ts";
import type { SupervisorDeps } from "./supervisor.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
/** Time stands still; only a signal ends a rest. */
const clock: Clock = {
  now: () => 0,
  sleep: (_ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) resolve();
      else signal?.addEventListener("abort", () => resolve());
    }),
};
const sandbox = {
  id: "s",
  taskId: "t",
  provider: "local",
  generation: 1,
  state: "intent" as const,
  ref: null,
};

const claimed: SupervisedTask = {
  id: "t",
  accountId: "a",
  hidden: false,
  snapshot: {
    state: "starting",
    reason: null,
    desired: "run",
    cancelDeadlineAt: null,
    epoch: 1,
    startsLeft: 2,
    attempt: { epoch: 1, state: "claimed", startedAt: null, outcome: null },
    waits: [],
    waitingSince: null,
    waitedMs: 0,
  },
  prompt: "x",
  engine: "command",
  model: null,
  provider: "local",
  spec: {
    limits: DEFAULT_LIMITS,
    network: "none",
    allowInternalNetwork: false,
    repository: null,
    repositories: [],
    approve: "none",
    commandPolicy: { allow: [], deny: [] },
    questions: true,
    onBudget: "wait",
    onUsageLimit: "next",
    project: null,
    env: {},
    command: "true",
    demo: false,
  },
  createdAt: 0,
  attempt: {
    id: "01a1fc53-118c-7da2-b70b-964436bafa77",
    epoch: 1,
    runnerSeq: 0,
    createdAt: 0,
    lastContactAt: null,
    sandbox,
  },
  activity: null,
  lastEventAt: 0,
  costUsd: 0,
  computeUsd: 0,
  calls: 0,
  outputBytes: 0,
};

function setUp(create: Provider["create"]) {
  const commands: TaskCommand["kind"][] = [];
  const apply = (_id: string, command: TaskCommand): Promise<ApplyOutcome> => {
    commands.push(command.kind);
    return Promise.resolve({
      ok: true,
      task: claimed,
      step: { next: claimed.snapshot, events: [], effects: [] },
    });
  };
  const deps = {
    tasks: { apply, load: () => Promise.resolve(claimed) },
    attempts: { setSandbox: () => Promise.resolve() },
    providers: new Map([["local", { create }]]),
    tokens: createTokens(new Uint8Array(32)),
    wakeups: createWakeups(createMemoryBus(), "ctl"),
    metrics: { pickedUp() {}, sandboxStarted() {} },
    clock,
    now: () => 0,
    logger: silent,
    times: DEFAULT_TIMES,
    installId: "i",
  } as unknown as SupervisorDeps;
  return { deps, commands };
}

it("leaves the attempt to the next worker when it loses the job while the sandbox is made", async () => {
  const lease = new AbortController();
  const { deps, commands } = setUp((_spec, { signal }) => {
    lease.abort();
    expect(signal.aborted).toBe(true);
    return Promise.reject(new ProviderError("transient", "making the sandbox was called off"));
  });
  expect(await superviseTask(deps, "t", lease.signal)).toBe("lost");
  expect(commands).toEqual(["claim"]);
});

it("ends the attempt when the sandbox cannot be made", async () => {
  const lease = new AbortController();
  const { deps, commands } = setUp(() => {
    setImmediate(() => lease.abort());
    return Promise.reject(new ProviderError("unavailable", "bubblewrap is missing"));
  });
  await superviseTask(deps, "t", lease.signal);
  expect(commands.slice(0, 2)).toEqual(["claim", "end"]);
});
