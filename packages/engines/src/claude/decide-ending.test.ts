import { describe, expect, it } from "vitest";
import { decideEnding } from "./decide-ending.ts";
import type { Finale } from "./decide-ending.ts";
import { newMapping } from "./map/mapping.ts";
import type { Standing } from "./map/mapping.ts";

const { standing: begun } = newMapping({ cwd: "/", isResumed: false, turnLimit: 9 });

const plain: Finale = {
  problem: undefined,
  isKilled: false,
  isClosed: true,
  isOverTurns: false,
  standing: { ...begun, lastStop: "completed" },
  exit: { exitCode: 0, signal: null },
  failure: "",
  stderr: "",
};

const cases: {
  name: string;
  change: Partial<Finale>;
  standing?: Partial<Standing>;
  end: object;
  hasError?: boolean;
}[] = [
  { name: "all done", change: {}, end: { outcome: "completed", exitCode: 0 } },
  {
    name: "closed after an interrupt, which exits with 1",
    change: { exit: { exitCode: 1, signal: null } },
    standing: { lastStop: "interrupted" },
    end: { outcome: "interrupted" },
  },
  {
    name: "closed after an error that was told",
    change: {},
    standing: { lastStop: "error", lastError: "auth" },
    end: { outcome: "failed", errorClass: "auth" },
  },
  {
    name: "closed after a refusal",
    change: {},
    standing: { lastStop: "refusal", lastError: "refusal" },
    end: { outcome: "failed", errorClass: "refusal" },
  },
  {
    name: "out of turns",
    change: {},
    standing: { lastStop: "max_turns" },
    end: { outcome: "limit", limit: "turns" },
  },
  {
    name: "out of turns for what waits",
    change: { isOverTurns: true },
    end: { outcome: "limit", limit: "turns" },
  },
  {
    name: "out of money",
    change: {},
    standing: { lastStop: "budget" },
    end: { outcome: "limit", limit: "cost" },
  },
  {
    name: "killed, whatever else happened",
    change: { isKilled: true, exit: { exitCode: null, signal: "SIGKILL" } },
    standing: { isTurnOpen: true },
    end: { outcome: "killed", signal: "SIGKILL" },
  },
  {
    name: "ended in the middle of a turn",
    change: { isClosed: false, exit: { exitCode: null, signal: "SIGKILL" } },
    standing: { isTurnOpen: true },
    end: { outcome: "failed", errorClass: "engine_crash" },
    hasError: true,
  },
  {
    name: "ended between two turns",
    change: { isClosed: false },
    end: { outcome: "failed", errorClass: "engine_crash" },
    hasError: true,
  },
  {
    name: "ended by itself after an error that was told",
    change: { isClosed: false },
    standing: { lastError: "resume_not_found" },
    end: { outcome: "failed", errorClass: "resume_not_found" },
  },
  {
    name: "could not begin",
    change: { problem: { kind: "error", class: "config", message: "no" } },
    end: { outcome: "failed", errorClass: "config" },
    hasError: true,
  },
  {
    name: "no money to begin with",
    change: { problem: { kind: "limit", limit: "cost" } },
    end: { outcome: "limit", limit: "cost" },
  },
];

describe("decideEnding", () => {
  it.each(cases)("$name", ({ change, standing, end, hasError = false }) => {
    const ending = decideEnding({ ...plain, ...change, standing: { ...plain.standing, ...standing } });
    expect(ending.end).toMatchObject(end);
    expect(ending.error !== undefined).toBe(hasError);
  });

  it("quotes the end of what the program wrote to standard error", () => {
    const { error } = decideEnding({ ...plain, isClosed: false, stderr: `${"x".repeat(5000)}out of memory` });
    expect(error?.type === "error" && error.data.message.endsWith("out of memory")).toBe(true);
    expect(JSON.stringify(error).length).toBeLessThan(3000);
  });
});
