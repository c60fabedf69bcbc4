import type { AttemptCaller, Clock } from "@agency/core";
import { describe, expect, it } from "vitest";
import { alikeConnections } from "../egress/sum-reports.ts";
import type { NetworkReport } from "../egress/sum-reports.ts";
import { createAttemptReports } from "./attempt-reports.ts";

const one: NetworkReport = {
  host: "a.com",
  port: 443,
  via: "http",
  verdict: "denied",
  bytesIn: 0,
  bytesOut: 0,
  durationMs: 0,
  count: 1,
};
const anna: AttemptCaller = { taskId: "a", accountId: "anna", epoch: 1 };
const ben: AttemptCaller = { taskId: "b", accountId: "ben", epoch: 1 };

function manual() {
  let now = 0;
  const sleepers: { wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    sleep: (_ms, signal) =>
      new Promise((wake) => {
        sleepers.push({ wake });
        signal?.addEventListener("abort", () => wake());
      }),
  };
  return {
    clock,
    sleepers,
    async second() {
      now += 1_000;
      for (const { wake } of sleepers.splice(0)) wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe("the connections of all attempts", () => {
  it("are reported each second, every attempt by itself, and the clock stops when nobody connects", async () => {
    const time = manual();
    const seen: [string, number][] = [];
    const reports = createAttemptReports(time.clock, alikeConnections, ({ taskId }, { count }) =>
      seen.push([taskId, count]),
    );
    for (let at = 0; at < 1_000; at += 1) reports.add(anna, one);
    reports.add(ben, one);
    expect(seen).toHaveLength(21);
    await time.second();
    expect(seen.slice(21)).toEqual([["a", 980]]);
    expect(time.sleepers).toHaveLength(0);
    reports.add(anna, one);
    expect(seen.at(-1)).toEqual(["a", 1]);
    expect(time.sleepers).toHaveLength(1);
    reports.close();
  });

  it("are not forgotten when the server stops, nor those that end because of it", () => {
    const seen: number[] = [];
    const reports = createAttemptReports(manual().clock, alikeConnections, (_caller, { count }) =>
      seen.push(count),
    );
    for (let at = 0; at < 30; at += 1) reports.add(anna, one);
    reports.close();
    expect(seen.slice(20)).toEqual([10]);
    reports.add(anna, one);
    expect(seen.slice(21)).toEqual([1]);
  });
});
