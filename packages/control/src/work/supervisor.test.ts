import { describe, expect, it } from "vitest";
import { MAX_WAIT_MS, MAX_WALL_MS } from "@agency/contract";
import type { Outcome } from "@agency/contract";
import type {
  ApplyOutcome,
  Clock,
  Logger,
  Provider,
  SandboxSpec,
  SupervisedTask,
  TaskCommand,
} from "@agency/core";
import { ProviderError } from "@agency/core";
import { createTokens } from "../access/tokens.ts";
import { createWakeups } from "../events/wakeups.ts";
import { createMemoryBus } from "../testing/memory-bus.ts";
import { MemoryTask } from "../testing/memory-task.ts";
import { RUNNING, sampleTask, SPEC } from "../testing/sample-task.ts";
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
const unmade = sampleTask();
const claimed: SupervisedTask = {
  ...unmade,
  snapshot: {
    ...RUNNING,
    state: "starting",
    attempt: { epoch: 1, state: "claimed", startedAt: null, outcome: null },
  },
  attempt: unmade.attempt && {
    ...unmade.attempt,
    lastContactAt: null,
    sandbox: { ...unmade.attempt.sandbox, state: "intent", ref: null },
  },
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

it("gives the sandbox time for the longest run and the longest wait, whatever the limits are by now", async () => {
  const lease = new AbortController();
  const specs: SandboxSpec[] = [];
  const { deps } = setUp((spec) => {
    specs.push(spec);
    lease.abort();
    return Promise.resolve({ provider: "local", nativeId: "n" });
  });
  await superviseTask(deps, "t", lease.signal);
  expect(Date.parse(specs[0]?.deadlineAt ?? "")).toBeGreaterThan(MAX_WALL_MS + MAX_WAIT_MS);
  expect(Date.parse(specs[0]?.bootstrap.deadlineAt ?? "")).toBeLessThan(2 * SPEC.limits.wallMs);
});

/** Runs the supervisor; at each of its rests the next thing happens, and after the last one it loses its lease. */
function carry(task: SupervisedTask, over: readonly boolean[], happenings: (() => void)[]) {
  const lease = new AbortController();
  const tasks = new MemoryTask(task);
  const charges: { at: number; final: boolean }[] = [];
  const moving = {
    at: 0,
    now: () => moving.at,
    sleep() {
      const next = happenings.shift();
      if (next === undefined) lease.abort();
      else next();
      return Promise.resolve();
    },
  };
  const deps = {
    ...setUp(() => Promise.reject(new Error("nothing is made here"))).deps,
    tasks: Object.assign(tasks, { setResult: () => Promise.resolve() }),
    providers: new Map([
      [
        "local",
        {
          observe: () => Promise.resolve({ phase: "running" }),
          destroy: () => Promise.resolve(),
          workspace: () => null,
        },
      ],
    ]),
    clock: moving,
    metrics: { taskEnded() {} },
    chargeCompute: (_: SupervisedTask, { final }: { final: boolean }) => {
      charges.push({ at: moving.at, final });
      return Promise.resolve({ overBudget: over[charges.length - 1] ?? false });
    },
  } as unknown as SupervisorDeps;
  const later = (ms: number) => () => void (moving.at += ms);
  return { tasks, charges, later, run: () => superviseTask(deps, "t", lease.signal) };
}

describe("a run that waits", () => {
  it("goes on by itself when its time has come", async () => {
    const happenings: (() => void)[] = [];
    const { tasks, later, run } = carry(sampleTask(), [], happenings);
    await tasks.apply("t", { kind: "wait", epoch: 1, reason: "usage_limit", until: 5_000, message: "m" }, 0);
    happenings.push(later(4_999), later(1), later(1_000));
    await run();
    expect(tasks.commands.slice(1)).toMatchObject([
      { kind: "claim" },
      { kind: "proceed", id: "usage_limit" },
    ]);
    expect(tasks.task.snapshot).toMatchObject({ state: "running", waitedMs: 5_000 });
  });

  it("begins to when computing time alone used up its budget, and is charged on while it does", async () => {
    const happenings: (() => void)[] = [];
    const { tasks, charges, later, run } = carry(sampleTask(), [false, true, true], happenings);
    happenings.push(later(29_999), later(1), later(1_000), later(29_000));
    await run();
    expect(charges).toEqual([0, 30_000, 60_000].map((at) => ({ at, final: false })));
    expect(tasks.commands).toMatchObject([
      { kind: "claim" },
      { kind: "wait", reason: "budget", until: null },
    ]);
    expect(tasks.task.snapshot).toMatchObject({ state: "waiting", reason: "budget" });
  });

  it("is not made to wait again by a charge from before its budget was raised", async () => {
    const happenings: (() => void)[] = [];
    const { tasks, later, run } = carry(sampleTask(), [true], happenings);
    happenings.push(() => void tasks.apply("t", { kind: "proceed", id: "budget" }, 0), later(1_000));
    await run();
    expect(tasks.task.snapshot.state).toBe("running");
  });

  it("ends instead when it was asked to stop at its budget", async () => {
    const stop = sampleTask({ spec: { ...SPEC, onBudget: "stop" } });
    const { tasks, run } = carry(stop, [true], []);
    expect(await run()).toBe("lost");
    expect(tasks.task.snapshot).toMatchObject({ state: "failed", reason: "budget_exceeded" });
  });
});

describe("computing time", () => {
  const outcome: Outcome = {
    state: "completed",
    reason: null,
    summary: "",
    files: 0,
    added: 0,
    removed: 0,
    commit: null,
    commits: [],
    branch: null,
    checks: [],
  };

  it("is charged to its end just before the sandbox goes", async () => {
    const done = sampleTask({
      snapshot: {
        ...RUNNING,
        state: "finishing",
        attempt: { epoch: 1, state: "finalizing", startedAt: 0, outcome },
      },
    });
    const { charges, run } = carry(done, [], []);
    await run();
    expect(charges).toEqual([
      { at: 0, final: false },
      { at: 0, final: true },
    ]);
  });

  it("is not charged where there is no sandbox any more", async () => {
    const { attempt } = sampleTask();
    const gone = sampleTask({
      snapshot: { ...RUNNING, state: "failed", reason: "timeout" },
      attempt: attempt && { ...attempt, sandbox: { ...attempt.sandbox, state: "deleted" } },
    });
    const { charges, run } = carry(gone, [], []);
    expect(await run()).toBe("done");
    expect(charges).toEqual([]);
  });
});
