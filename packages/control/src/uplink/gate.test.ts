import { expect, it } from "vitest";
import type { ModelCaller, SupervisedTask, TaskCommand } from "@agency/core";
import { createModelGate } from "./gate.ts";
import type { GateDeps } from "./gate.ts";

const caller: ModelCaller = { taskId: "t", accountId: "a", epoch: 1, demo: false };
/** 10,000 output tokens of this model cost $0.15. */
const request = { vendor: "anthropic", model: "claude-sonnet-4-5", maxTokens: 10_000 };
const usage = { input: 0, output: 10_000, cacheRead: 0, cacheWrite: 0 };

function setUp(budgetUsd: number) {
  const task = { costUsd: 0, spec: { limits: { costUsd: budgetUsd } } };
  const ended: TaskCommand[] = [];
  const deps = {
    tasks: {
      load: () => Promise.resolve({ ...task } as unknown as SupervisedTask),
      apply: (_id: string, command: TaskCommand) => Promise.resolve(void ended.push(command)),
    },
    costs: { record: ({ costUsd }: { costUsd: number }) => Promise.resolve(void (task.costUsd += costUsd)) },
    metrics: { modelCall() {} },
    now: () => 0,
  } as unknown as GateDeps;
  return { gate: createModelGate(deps), ended, task };
}

const call = {
  key: "m",
  vendor: "anthropic",
  model: request.model,
  usage,
  status: 200,
  durationMs: 1,
  partial: false,
};

it("lets calls in at once only as far as the budget holds what they may cost", async () => {
  const { gate, ended } = setUp(0.4);
  const answers = [];
  for (let i = 0; i < 10; i += 1) answers.push((await gate.admit(caller, request)).ok);
  expect(answers.filter(Boolean)).toHaveLength(3);
  expect(await gate.admit(caller, request)).toMatchObject({ ok: false, status: 529 });
  expect(ended).toEqual([]);
});

it("lets the next call in when one is over and cost less than it might have", async () => {
  const { gate, task } = setUp(0.2);
  expect((await gate.admit(caller, request)).ok).toBe(true);
  expect((await gate.admit(caller, request)).ok).toBe(true);
  expect((await gate.admit(caller, request)).ok).toBe(false);
  await gate.record(caller, { ...call, usage: { ...usage, output: 100 } });
  expect(task.costUsd).toBeGreaterThan(0);
  expect((await gate.admit(caller, request)).ok).toBe(true);
});

it("ends the task when the money is really spent", async () => {
  const { gate, ended } = setUp(0.1);
  await gate.admit(caller, request);
  await gate.record(caller, call);
  expect(await gate.admit(caller, request)).toMatchObject({ ok: false, status: 403 });
  expect(ended).toMatchObject([{ kind: "end", epoch: 1, cause: "budget_exceeded" }]);
});
