import type { ComputeCharge, SupervisedTask } from "@agency/core";
import { describe, expect, it } from "vitest";
import { createGateWorld } from "../model/testing/gate-world.ts";
import { chargeCompute } from "./charge-compute.ts";

const START = 1_000_000;
const MINUTE = 60_000;

const unused = () => Promise.reject(new Error("not expected here"));

function setUp(more: object = {}) {
  const charges: ComputeCharge[] = [];
  const clock = { now: START };
  const deps = {
    costs: {
      charge: (charge: ComputeCharge) => {
        charges.push(charge);
        return Promise.resolve<number | null>(2.5);
      },
      reserve: () => Promise.resolve({ ok: true as const }),
      release: () => Promise.resolve(),
    },
    tasks: { load: unused, apply: unused },
    priceOf: (provider: string) => (provider === "local" ? 0 : 0.1),
    now: () => clock.now,
  };
  const task = {
    id: "t",
    accountId: "a",
    provider: "e2b",
    costUsd: 1,
    spec: { limits: { costUsd: 3 } },
    snapshot: { state: "waiting", waits: [] },
    attempt: { epoch: 2, createdAt: START },
    ...more,
  } as unknown as SupervisedTask;
  return { deps, charges, clock, task };
}

describe("computing time", () => {
  it("is charged by the minute, waiting included, and to the second at the end", async () => {
    const { deps, charges, clock, task } = setUp();
    for (const at of [59_999, 2 * MINUTE, 2 * MINUTE + 30_500]) {
      clock.now = START + at;
      await chargeCompute(deps, task);
    }
    await chargeCompute(deps, task, { final: true });
    expect(charges.map(({ sinceMs, untilMs }) => [sinceMs, untilMs - START])).toEqual([
      [START, 0],
      [START, 2 * MINUTE],
      [START, 2 * MINUTE],
      [START, 2 * MINUTE + 30_000],
    ]);
    expect(charges[0]).toMatchObject({ taskId: "t", epoch: 2, provider: "e2b", usdPerHour: 0.1 });
  });

  it("says when the budget is used up, by what the charge came to", async () => {
    const { deps, task } = setUp();
    expect(await chargeCompute(deps, task)).toEqual({ overBudget: false });
    const spent = setUp({ spec: { limits: { costUsd: 2.5 } } });
    expect(await chargeCompute(spent.deps, spent.task)).toEqual({ overBudget: true });
  });

  it("costs nothing where it has no price, and before there is a sandbox", async () => {
    const free = setUp({ provider: "local", costUsd: 9 });
    expect(await chargeCompute(free.deps, free.task)).toEqual({ overBudget: false });
    const queued = setUp({ attempt: null });
    expect(await chargeCompute(queued.deps, queued.task)).toEqual({ overBudget: false });
    expect([...free.charges, ...queued.charges]).toEqual([]);
  });
});

describe("computing time of a run that calls no model", () => {
  it.each([
    ["waits", "wait" as const, { state: "waiting", reason: "budget" }],
    ["ends", "stop" as const, { state: "failed", reason: "budget_exceeded" }],
  ])("%s when it used up the budget of its tree, as it was asked to", async (_, onBudget, expected) => {
    const world = await createGateWorld();
    try {
      const { taskId: top } = await world.caller(await world.issue({ treeCostUsd: 0.05 }));
      const { taskId } = await world.caller(await world.issue({}, { onBudget }, top));
      const load = async () => (await world.tasks.load(taskId)) ?? expect.unreachable();
      const now = { at: Date.now() };
      const deps = { ...world, priceOf: () => 0.6, now: () => now.at };
      now.at += 4.5 * MINUTE;
      await chargeCompute(deps, await load());
      expect((await load()).snapshot.state).toBe("running");
      now.at += MINUTE;
      expect(await chargeCompute(deps, await load())).toEqual({ overBudget: false });
      expect((await load()).snapshot).toMatchObject(expected);
      const { rows } = await world.db.query("select from model_reservations");
      expect(rows).toEqual([]);
    } finally {
      await world.close();
    }
  });
});
