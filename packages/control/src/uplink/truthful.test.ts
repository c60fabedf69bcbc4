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
  undelivered: null,
  checks: [],
};
const check = (command: string, passed: boolean): CheckResult => ({
  command,
  passed,
  exitCode: 0,
  durationMs: 1,
});

function told(more: Partial<Outcome>, checks: string[] = []): Outcome {
  const access = { costUsd: 0, budgetUsd: 1 };
  const hide = (text: string) => text.replaceAll("sk-secret", "[redacted]");
  return truthful({ ...outcome, ...more }, access, { spec: { ...SPEC, checks } }, hide);
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

  it("has no secret in the agent's last words", () => {
    expect(told({ summary: "I used sk-secret." }).summary).toBe("I used [redacted].");
  });

  it("of why nothing was pushed is one line of bounded length, without secrets, whole or in pieces", () => {
    const why = (undelivered: string) => told({ undelivered }).undelivered;
    expect(why("Pushing failed:\r\n  remote: \u001b[2J\u202Eno\u0000.")).toBe(
      "Pushing failed: remote: [2Jno.",
    );
    expect(why("It is sk-secret and sk-\u200Bsecret.")).toBe("It is [redacted] and [redacted].");
    expect(why("x".repeat(900_000))).toMatch(/^x{999}…$/);
    // A cut leaves no half of one.
    expect(why(`${"x".repeat(995)}sk-secret`)).toBe(`${"x".repeat(995)}[red…`);
    expect(why("")).toBeNull();
    const { undelivered: _missing, ...older } = outcome;
    expect(truthful(older, { costUsd: 0, budgetUsd: 1 }, { spec: SPEC }, String).undelivered).toBeNull();
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
