import type { ModelCall, ModelCaller, ModelGate } from "@agency/core";
import { modelGateSuite } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setAccountBudget } from "../budgets/account-budget.ts";
import { createModelGate } from "./gate.ts";
import { createGateWorld } from "./testing/gate-world.ts";
import type { GateWorld } from "./testing/gate-world.ts";

let world: GateWorld;
beforeAll(async () => {
  world = await createGateWorld();
});
afterAll(() => world.close());

const request = { vendor: "anthropic", model: "claude-sonnet-4-5", maxTokens: 10_000, inputBytes: 0 };
const nothing = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
/** 10,000 output tokens of this model cost $0.15. */
const ONE_CALL = 0.15;

function call(key: string, output = 10_000): ModelCall {
  const { vendor, model } = request;
  const usage = { ...nothing, output };
  return { key, vendor, model, usage, status: 200, durationMs: 1, partial: false };
}

const taskOf = async ({ taskId }: ModelCaller) => {
  const task = await world.tasks.load(taskId);
  if (task === null) throw new Error("the task is gone");
  return task;
};
const again = async (placeholder: string) => world.gate.admit(await world.caller(placeholder), request);

modelGateSuite("the control plane's gate", async () => ({
  gate: world.gate,
  issue: () => world.issue(),
  async fence(placeholder) {
    const caller = await world.caller(placeholder);
    await world.tasks.apply(
      caller.taskId,
      { kind: "end", epoch: caller.epoch, cause: "sandbox_lost" },
      Date.now(),
    );
  },
  spentUsd: async (taskId) => (await world.tasks.load(taskId))?.costUsd ?? NaN,
  close: () => Promise.resolve(),
}));

describe("a budget that is used up", () => {
  it("makes the task wait, with a sentence that says how to go on, and holds its calls until there is more", async () => {
    const placeholder = await world.issue({ costUsd: ONE_CALL });
    const caller = await world.caller(placeholder);
    await world.gate.record(caller, call("m"));
    expect(await world.gate.admit(caller, request)).toMatchObject({ ok: false, hold: "budget" });
    const { snapshot } = await taskOf(caller);
    expect(snapshot).toMatchObject({ state: "waiting", reason: "budget" });
    expect(snapshot.waits[0]).toMatchObject({
      until: null,
      message: `Spent $0.1500 of $0.15. \`agency budget ${caller.taskId} +5\` lets it go on.`,
    });
    expect(await again(placeholder)).toMatchObject({ ok: false, hold: "budget", retryMs: 15_000 });
    await world.tasks.changeLimits(
      caller.accountId,
      caller.taskId,
      (limits) => ({ ok: true, limits: { ...limits, costUsd: 1 } }),
      "key",
      Date.now(),
    );
    expect((await taskOf(caller)).snapshot.state).toBe("running");
    expect(await again(placeholder)).toMatchObject({ ok: true });
  });

  it("ends the task when it was asked to stop", async () => {
    const caller = await world.caller(await world.issue({ costUsd: ONE_CALL }, { onBudget: "stop" }));
    await world.gate.record(caller, call("m"));
    expect(await world.gate.admit(caller, request)).toMatchObject({
      ok: false,
      status: 403,
      type: "permission_error",
      message: "The budget is used up. Spent $0.1500 of $0.15.",
    });
    expect((await taskOf(caller)).snapshot).toMatchObject({ state: "failed", reason: "budget_exceeded" });
    const { accountId, taskId } = caller;
    expect(await world.tasks.get(accountId, taskId)).toMatchObject({
      message: `The run reached its budget and was stopped. Spent $0.1500 of $0.15. Go on with more money: \`agency resume ${taskId} --budget 1 "go on"\`.`,
    });
  });

  it.each([
    [
      "the tree",
      { treeCostUsd: ONE_CALL },
      /`agency limits \S+ --tree-budget \+5`, then `agency resume \S+ "go on"`/,
    ],
    ["the day", {}, /`agency budget --day 1`, then `agency resume \S+ "go on"`/],
  ])("that ended with the budget of %s says how that one grows", async (what, limits, way) => {
    const caller = await world.caller(await world.issue({ costUsd: 50, ...limits }, { onBudget: "stop" }));
    const { accountId, taskId } = caller;
    const { costs, tasks } = world;
    const account = { costs, tasks, audit: () => Promise.resolve(), now: () => Date.now() };
    if (what === "the day")
      await setAccountBudget(account, accountId, { dayUsd: 0.01, monthUsd: null }, "key");
    await world.gate.record(caller, call("m"));
    expect(await world.gate.admit(caller, request)).toMatchObject({ ok: false, status: 403 });
    await setAccountBudget(account, accountId, { dayUsd: null, monthUsd: null }, "key");
    const ended = await tasks.get(accountId, taskId);
    expect(ended).toMatchObject({ state: "failed", message: expect.stringMatching(way) });
    expect(ended?.message?.match(/Go on/g)).toHaveLength(1);
  });

  it("of a tree names its uppermost task and holds for all below it", async () => {
    const root = await world.caller(await world.issue({ costUsd: 50, treeCostUsd: ONE_CALL }));
    const child = await world.caller(await world.issue({ costUsd: 50 }, {}, root.taskId));
    await world.gate.record(child, call("m"));
    expect(await world.gate.admit(root, request)).toMatchObject({ hold: "budget" });
    expect(await world.gate.admit(child, request)).toMatchObject({
      hold: "budget",
      message: `Spent $0.1500 of $0.15 for the task ${root.taskId} and all below it. \`agency limits ${root.taskId} --tree-budget +5\` lets it go on.`,
    });
  });

  it("of the account's day is waited for until the day is over, or until the cap is raised", async () => {
    const placeholder = await world.issue({ costUsd: 50 });
    const caller = await world.caller(placeholder);
    await world.gate.record(caller, call("m"));
    const said: object[] = [];
    const account = {
      costs: world.costs,
      tasks: world.tasks,
      audit: (row: object) => Promise.resolve(void said.push(row)),
      now: () => Date.now(),
    };
    const before = await setAccountBudget(account, caller.accountId, { dayUsd: 0.01, monthUsd: 1000 }, "key");
    expect(await world.gate.admit(caller, request)).toMatchObject({ hold: "budget" });
    const [wait] = (await taskOf(caller)).snapshot.waits;
    expect(wait?.until).toBe(Date.parse(before.day.resetsAt));
    expect(wait?.message).toMatch(
      /for the account today\. It goes on by itself at .* UTC, or now with `agency budget --day 1`/,
    );
    const after = await setAccountBudget(account, caller.accountId, { dayUsd: null, monthUsd: null }, "key");
    expect(after.day).toEqual({ ...before.day, capUsd: null });
    expect(said).toMatchObject([
      { action: "budget.set", actor: "key", detail: { dayUsd: "0.01", monthUsd: "1000" } },
      { detail: { dayUsd: "none", monthUsd: "none" } },
    ]);
    expect(await again(placeholder)).toMatchObject({ ok: true });
  });

  it("raised between the refusal and the wait leaves no task waiting for ever", async () => {
    const caller = await world.caller(await world.issue({ costUsd: ONE_CALL }));
    await world.gate.record(caller, call("m"));
    const raise = () =>
      world.tasks.changeLimits(
        caller.accountId,
        caller.taskId,
        (limits) => ({ ok: true, limits: { ...limits, costUsd: 1 } }),
        "key",
        Date.now(),
      );
    const gate = createModelGate({
      ...world.deps,
      tasks: {
        apply: world.tasks.apply,
        load: async (id) => {
          await raise();
          return world.tasks.load(id);
        },
      },
    });
    expect(await gate.admit(caller, request)).toMatchObject({ ok: true });
    expect((await taskOf(caller)).snapshot).toMatchObject({ state: "running", waits: [] });
  });

  it("is not passed by twenty calls through two processes by more than one of them", async () => {
    const placeholder = await world.issue({ costUsd: 1 });
    const gates = [world.gate, createModelGate(world.deps)];
    /** As the broker does: let in, called, recorded, settled; what must wait asks again. */
    const callOnce = async (gate: ModelGate) => {
      for (;;) {
        const admission = await gate.admit(await world.caller(placeholder), request);
        if (!admission.ok && "hold" in admission && admission.hold === "busy") continue;
        if (!admission.ok) return admission;
        await gate.record(await world.caller(placeholder), call(admission.reservation));
        await gate.settle(await world.caller(placeholder), admission.reservation);
        return admission;
      }
    };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => callOnce(gates[i % 2] ?? world.gate)),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(7);
    const task = await taskOf(await world.caller(placeholder));
    expect(task.snapshot.reason).toBe("budget");
    expect(task.costUsd).toBeGreaterThanOrEqual(1);
    expect(task.costUsd).toBeLessThanOrEqual(1 + ONE_CALL);
  });
});

describe("a call", () => {
  it("is held while the task is paused, and let in when it goes on", async () => {
    const placeholder = await world.issue();
    const { taskId } = await world.caller(placeholder);
    await world.tasks.apply(taskId, { kind: "pause" }, Date.now());
    expect(await again(placeholder)).toMatchObject({ ok: false, hold: "paused_by_user", retryMs: 15_000 });
    await world.tasks.apply(taskId, { kind: "proceed", id: "paused_by_user" }, Date.now());
    expect(await again(placeholder)).toMatchObject({ ok: true });
  });

  it("of an attempt that was fenced since it was let in is refused", async () => {
    const caller = await world.caller(await world.issue());
    await world.tasks.apply(caller.taskId, { kind: "end", epoch: 1, cause: "timeout" }, Date.now());
    expect(await world.gate.admit(caller, request)).toMatchObject({ ok: false, status: 403 });
  });

  it("of a model without a price is refused where the server says so, else priced as the dearest", async () => {
    const caller = await world.caller(await world.issue({ costUsd: 50 }));
    const strict = createModelGate({ ...world.deps, unknownModels: "refuse" });
    const unknown = { ...request, model: "gpt-99" };
    expect(await strict.admit(caller, unknown)).toMatchObject({
      status: 403,
      type: "permission_error",
      message: expect.stringContaining("AGENCY_PRICES"),
    });
    expect(await world.gate.admit(caller, unknown)).toMatchObject({ ok: true });
    expect(await strict.admit(caller, request)).toMatchObject({ ok: true });
  });
});

describe("a vendor's usage limit", () => {
  const until = Date.parse("2026-11-21T14:05:30Z");
  const limit = { vendor: "anthropic", credentials: ["ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY@work"], until };

  it("is waited for, by name and time", async () => {
    const placeholder = await world.issue();
    const caller = await world.caller(placeholder);
    await world.gate.usedUp(caller, limit);
    expect((await taskOf(caller)).snapshot.waits).toMatchObject([
      {
        reason: "usage_limit",
        until,
        message: "ANTHROPIC_API_KEY, ANTHROPIC_API_KEY@work are used up until 2026-11-21 14:05 UTC.",
      },
    ]);
    expect(await again(placeholder)).toMatchObject({ ok: false, hold: "usage_limit" });
  });

  it("ends a task that was asked to stop at it", async () => {
    const caller = await world.caller(await world.issue({}, { onUsageLimit: "stop" }));
    await world.gate.usedUp(caller, { ...limit, credentials: ["ANTHROPIC_API_KEY"] });
    expect((await taskOf(caller)).snapshot).toMatchObject({ state: "failed", reason: "usage_limit" });
    await world.gate.usedUp(caller, limit);
  });

  it("of one credential is told in the log when the next takes over", async () => {
    const caller = await world.caller(await world.issue());
    const one = { ...limit, credentials: ["ANTHROPIC_API_KEY"] };
    await world.gate.changedCredential(caller, one, "ANTHROPIC_API_KEY@work");
    const { events } = await world.events.read(caller.taskId, 0, 100, ["credential"]);
    expect(events.map(({ data }) => data)).toEqual([
      {
        vendor: "anthropic",
        credential: "ANTHROPIC_API_KEY",
        limitedUntil: "2026-11-21T14:05:30.000Z",
        next: "ANTHROPIC_API_KEY@work",
      },
    ]);
    await world.gate.changedCredential(caller, { ...one, until: null }, "ANTHROPIC_API_KEY@work");
    expect((await world.events.read(caller.taskId, 0, 100, ["credential"])).events[1]?.data).toMatchObject({
      limitedUntil: null,
    });
  });
});
