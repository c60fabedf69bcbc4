import { describe, expect, it } from "vitest";
import type { CheckResult, Outcome } from "@agency/contract";
import { SPEC } from "../testing/sample-task.ts";
import { truthful } from "./truthful.ts";

const COMMIT = "a".repeat(40);
const outcome: Outcome = {
  state: "completed",
  reason: null,
  summary: "",
  files: 0,
  added: 0,
  removed: 0,
  commit: COMMIT,
  commits: [COMMIT],
  branch: "agency/t/x",
  checks: [],
};
const check = (command: string, passed: boolean): CheckResult => ({
  command,
  passed,
  exitCode: 0,
  durationMs: 1,
});

function told(more: Partial<Outcome>, checks: string[] = []): Outcome {
  return truthful({ ...outcome, ...more }, { costUsd: 0, budgetUsd: 1 }, { spec: { ...SPEC, checks } });
}

describe("what a runner says of its run", () => {
  it("is kept as it is when nothing speaks against it", () => {
    expect(told({})).toEqual(outcome);
    const checks = [check("npm test", true), check("from the repository", true)];
    expect(told({ checks }, ["npm test"])).toEqual({ ...outcome, checks });
  });

  it.each<[string, CheckResult[]]>([
    ["one of them failed", [check("npm test", false)]],
    ["one of them was not run", []],
    ["only another one passed", [check("npm tset", true)]],
    ["one of the repository's own failed", [check("npm test", true), check("lint", false)]],
  ])("is no success when of the checks %s", (_what, checks) => {
    expect(told({ checks }, ["npm test"])).toMatchObject({
      state: "failed",
      reason: "checks_failed",
      checks,
    });
  });

  it("stays a failure of its own, whatever the checks were", () => {
    const failed = { state: "failed", reason: "engine_error" } as const;
    expect(told(failed, ["npm test"])).toMatchObject(failed);
    const checks = { state: "failed", reason: "checks_failed" } as const;
    expect(told(checks, ["npm test"])).toMatchObject(checks);
  });

  it("names no commits that are none", () => {
    const bad = ["", "-x", "a".repeat(39), "A".repeat(40), "../x"];
    expect(told({ commit: "HEAD", commits: [...bad, COMMIT] })).toMatchObject({
      commit: null,
      commits: [COMMIT],
    });
    expect(told({ commits: Array.from({ length: 5_000 }, () => COMMIT) }).commits).toHaveLength(1_000);
  });
});
