import type { EngineEnd } from "@agency/core";
import { describe, expect, it } from "vitest";
import { decideOutcome } from "./outcome.ts";
import type { RunReport } from "./outcome.ts";

const completed: EngineEnd["data"] = { outcome: "completed" };
const report = (part: Partial<RunReport> = {}): RunReport => ({
  stopped: null,
  end: completed,
  turnStop: "completed",
  lastText: "text",
  lastError: "",
  checks: [],
  ...part,
});

describe("the outcome of a run", () => {
  it.each([
    ["a completed engine", {}, "completed", null],
    ["a completed engine without turns", { turnStop: null }, "completed", null],
    ["an agent done just before the wall limit", { stopped: "timeout" }, "completed", null],
    ["an agent done just before a cancel", { stopped: "cancelled" }, "cancelled", "cancelled_by_user"],
    [
      "a cancelled engine",
      { stopped: "cancelled", turnStop: "interrupted" },
      "cancelled",
      "cancelled_by_user",
    ],
    [
      "a cancelled set-up",
      { stopped: "cancelled", end: null, turnStop: null },
      "cancelled",
      "cancelled_by_user",
    ],
    ["the wall limit", { stopped: "timeout", turnStop: "interrupted" }, "failed", "timeout"],
    [
      "the wall limit, killed",
      { stopped: "timeout", end: { outcome: "killed" }, turnStop: null },
      "failed",
      "timeout",
    ],
    ["the silence limit", { stopped: "silence", end: null, turnStop: null }, "failed", "silence"],
    [
      "too many turns, counted here",
      { stopped: "turns", turnStop: "interrupted" },
      "failed",
      "turns_exceeded",
    ],
    ["the budget, counted here", { stopped: "budget", turnStop: "interrupted" }, "failed", "budget_exceeded"],
    ["too much output", { stopped: "output", end: null, turnStop: null }, "failed", "output_exceeded"],
    [
      "too many turns, counted by the engine",
      { end: { outcome: "limit", limit: "turns" }, turnStop: "max_turns" },
      "failed",
      "turns_exceeded",
    ],
    [
      "the engine's own budget",
      { end: { outcome: "limit", limit: "cost" }, turnStop: "budget" },
      "failed",
      "budget_exceeded",
    ],
    ["a drain that was cut", { stopped: "drained", end: { outcome: "killed" } }, "completed", null],
    [
      "a drain that was cut after an error",
      { stopped: "drained", end: null, turnStop: "error" },
      "failed",
      "engine_error",
    ],
    ["a refusal", { turnStop: "refusal" }, "failed", "engine_error"],
    ["a turn that ended in an error", { turnStop: "error" }, "failed", "engine_error"],
    ["a crash after the last turn", { end: { outcome: "failed" } }, "failed", "engine_error"],
    [
      "a program that ended with an exit code",
      { end: { outcome: "failed", exitCode: 1 }, turnStop: null },
      "failed",
      "engine_error",
    ],
    [
      "an engine somebody else killed",
      { end: { outcome: "killed" }, turnStop: null },
      "failed",
      "engine_error",
    ],
  ] as const)("of %s", (_what, part, state, reason) => {
    expect(decideOutcome(report(part))).toMatchObject({ state, reason });
  });

  it("of a completed engine is decided by the checks", () => {
    const check = { command: "npm test", exitCode: 0, durationMs: 1, passed: true };
    expect(decideOutcome(report({ checks: [check] }))).toMatchObject({ state: "completed" });
    const checks = [check, { ...check, passed: false, exitCode: 1 }];
    expect(decideOutcome(report({ checks }))).toEqual({
      state: "failed",
      reason: "checks_failed",
      summary: "text",
    });
    expect(decideOutcome(report({ checks, turnStop: "error" }))).toMatchObject({ reason: "engine_error" });
  });

  it("sums up with the agent's last words, or with the error that ended it", () => {
    expect(decideOutcome(report({ lastError: "a warning" })).summary).toBe("text");
    expect(decideOutcome(report({ turnStop: "error", lastError: "no credit" })).summary).toBe("no credit");
    expect(decideOutcome(report({ turnStop: "error" })).summary).toBe("text");
  });

  it("keeps the summary to 4 KB without parting a character", () => {
    const { summary } = decideOutcome(report({ lastText: "😀".repeat(5000) }));
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(4096);
    expect(summary).toMatch(/^(?:😀)+…$/u);
  });
});
