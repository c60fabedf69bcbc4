import type { ComputeCharge, SupervisedTask } from "@agency/core";
import { describe, expect, it } from "vitest";
import { chargeCompute } from "./charge-compute.ts";

const START = 1_000_000;
const MINUTE = 60_000;

function setUp(more: object = {}) {
  const charges: ComputeCharge[] = [];
  const clock = { now: START };
  const deps = {
    costs: {
      charge: (charge: ComputeCharge) => {
        charges.push(charge);
        return Promise.resolve<number | null>(2.5);
      },
    },
    priceOf: (provider: string) => (provider === "local" ? 0 : 0.1),
    now: () => clock.now,
  };
  const task = {
    id: "t",
    accountId: "a",
    provider: "e2b",
    costUsd: 1,
    spec: { limits: { costUsd: 3 } },
    snapshot: { state: "waiting" },
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
