import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "@agency/contract";
import type { Outcome } from "@agency/contract";
import { noAmnesty, tickAmnesty } from "./amnesty.ts";
import { decideSupervision } from "./supervise.ts";
import type { SupervisionView } from "./supervise.ts";
import type { TaskSnapshot } from "./snapshot.ts";

const times = {
  startDeadlineMs: 60_000,
  limitGraceMs: 15_000,
  contactLostMs: 600_000,
  maxWaitMs: 86_400_000,
};
const begun = { epoch: 1, state: "running", startedAt: 0, outcome: null } as const;
const running: TaskSnapshot = {
  state: "running",
  reason: null,
  desired: "run",
  cancelDeadlineAt: null,
  epoch: 1,
  startsLeft: 2,
  attempt: begun,
  waits: [],
  waitingSince: null,
  waitedMs: 0,
};
const storing: TaskSnapshot = { ...running, state: "finishing", cancelDeadlineAt: 500_000 };
const outcome = {
  state: "completed",
  reason: null,
  summary: "",
  files: null,
  added: null,
  removed: null,
  commit: null,
  commits: [],
  branch: null,
  checks: [],
} satisfies Outcome;
const waiting = (since: number, until: number | null): TaskSnapshot => ({
  ...running,
  state: "waiting",
  reason: "usage_limit",
  waits: [{ id: "usage_limit", reason: "usage_limit", since, until, message: null }],
  waitingSince: since,
});
const starting: TaskSnapshot = {
  ...running,
  state: "starting",
  attempt: { epoch: 1, state: "provisioning", startedAt: null, outcome: null },
};
const view: SupervisionView = {
  task: running,
  limits: { ...DEFAULT_LIMITS, wallMs: 100_000, silenceMs: 50_000 },
  attemptCreatedAt: 0,
  lastContactAt: 0,
  lastEventAt: 0,
  sandbox: "running",
  amnestyUntil: 0,
  calls: 0,
  outputBytes: 0,
  computeOverBudget: false,
  onBudget: "wait",
};
const waitingView = { lastContactAt: 200_000, lastEventAt: 0, task: waiting(1_000, 300_000) };

describe("supervision", () => {
  it.each<[string, Partial<SupervisionView>, number, object]>([
    ["watches a healthy run", {}, 1000, { kind: "watch" }],
    [
      "settles a run whose runner handed in its outcome",
      { task: { ...storing, attempt: { ...begun, state: "finalizing", outcome } } },
      1000,
      { kind: "settle" },
    ],
    [
      "lets a run store what it made beyond its time limit and without a word of the agent",
      { task: storing, lastContactAt: 450_000 },
      499_999,
      { kind: "watch" },
    ],
    [
      "does not wait for ever until all is stored",
      { task: storing, lastContactAt: 500_000 },
      500_000,
      { kind: "end", cause: "timeout", message: expect.stringContaining("could not be stored") },
    ],
    [
      "ends a run that says it stores and writes on beyond its limit",
      { task: storing, outputBytes: DEFAULT_LIMITS.outputBytes * 1.2 },
      1000,
      { kind: "end", cause: "output_exceeded" },
    ],
    [
      "ends a run that says it stores and has computed beyond a budget that stops it",
      { task: storing, computeOverBudget: true, onBudget: "stop" },
      1000,
      { kind: "end", cause: "budget_exceeded" },
    ],
    [
      "asks nobody for money for a run that only stores",
      { task: storing, computeOverBudget: true },
      1000,
      { kind: "watch" },
    ],
    [
      "ends a run that stores when its sandbox is gone",
      { task: storing, sandbox: "gone" },
      1000,
      { kind: "end", cause: "sandbox_lost" },
    ],
    [
      "ends a run that stores when nothing is heard of it any more",
      { task: { ...storing, cancelDeadlineAt: 900_000 } },
      600_001,
      { kind: "end", cause: "sandbox_lost" },
    ],
    [
      "cleans up behind a finished task",
      { task: { ...running, state: "failed" } },
      1000,
      { kind: "clean_up" },
    ],
    [
      "cleans up behind a task that was put back into the queue",
      { task: { ...running, state: "queued" } },
      0,
      { kind: "clean_up" },
    ],
    [
      "gives a cancelled runner its grace",
      { task: { ...running, desired: "cancel", cancelDeadlineAt: 20 } },
      19,
      { kind: "watch" },
    ],
    [
      "cuts a cancelled runner off after it",
      { task: { ...running, desired: "cancel", cancelDeadlineAt: 20 } },
      20,
      { kind: "end" },
    ],
    [
      "does not wait for a runner that never came",
      { task: { ...starting, desired: "cancel", cancelDeadlineAt: 99 } },
      1,
      { kind: "end" },
    ],
    ["sees at once that the sandbox is gone", { sandbox: "gone" }, 1, { kind: "end", cause: "sandbox_lost" }],
    [
      "ends a start that takes too long",
      { task: starting },
      60_001,
      { kind: "end", cause: "start_deadline" },
    ],
    ["lets a start take its time", { task: starting }, 60_000, { kind: "watch" }],
    [
      "ends a run over its time even if the runner does not",
      { lastEventAt: 115_000 },
      115_001,
      { kind: "end", cause: "timeout" },
    ],
    ["ends a silent run", {}, 65_001, { kind: "end", cause: "silence" }],
    [
      "grants amnesty from silence after an absence of its own",
      { amnestyUntil: 70_000 },
      65_001,
      { kind: "watch" },
    ],
    [
      "ends a run whose runner has gone quiet for good",
      { limits: { ...DEFAULT_LIMITS }, lastEventAt: 600_000 },
      600_001,
      { kind: "end", cause: "sandbox_lost" },
    ],
    [
      "declares nobody lost during amnesty",
      { limits: { ...DEFAULT_LIMITS }, amnestyUntil: 700_000 },
      600_001,
      { kind: "watch" },
    ],
    ["lets a run wait longer than its time limit and in silence", waitingView, 200_000, { kind: "watch" }],
    ["lets a wait end when its time has come", waitingView, 300_000, { kind: "proceed", id: "usage_limit" }],
    [
      "leaves the waits that are over out of the time limit",
      { task: { ...running, waitedMs: 30_000 }, lastEventAt: 145_000 },
      145_000,
      { kind: "watch" },
    ],
    [
      "ends a run over its time beside its waits",
      { task: { ...running, waitedMs: 30_000 }, lastEventAt: 145_000 },
      145_001,
      { kind: "end", cause: "timeout" },
    ],
    [
      "ends a task whose waits together took too long",
      { task: { ...waiting(1_000, null), waitedMs: 86_000_000 }, lastContactAt: 401_001 },
      401_001,
      { kind: "end", cause: "timeout", message: "It had waited for 24 hours in all." },
    ],
    [
      "lets a wait take as long as it may",
      { task: { ...waiting(1_000, null), waitedMs: 86_000_000 }, lastContactAt: 401_000 },
      401_000,
      { kind: "watch" },
    ],
    [
      "ends a waiting run whose sandbox is gone",
      { ...waitingView, sandbox: "gone" },
      2_000,
      { kind: "end", cause: "sandbox_lost" },
    ],
    [
      "leaves the runner a little room before it counts calls itself",
      { limits: { ...view.limits, turns: 100 }, calls: 120 },
      1,
      { kind: "watch" },
    ],
    [
      "ends a run whose runner does not count its turns",
      { limits: { ...view.limits, turns: 100 }, calls: 121 },
      1,
      { kind: "end", cause: "turns_exceeded" },
    ],
    [
      "ends a run whose runner does not count its output",
      { limits: { ...view.limits, outputBytes: 1_000 }, outputBytes: 1_101 },
      1,
      { kind: "end", cause: "output_exceeded" },
    ],
    [
      "ends a run that goes on writing while it waits",
      { ...waitingView, limits: { ...view.limits, outputBytes: 1_000 }, outputBytes: 1_101 },
      200_000,
      { kind: "end", cause: "output_exceeded" },
    ],
    [
      "ends a run that computing time used up while it waits, when it was asked to",
      { ...waitingView, computeOverBudget: true, onBudget: "stop" },
      200_000,
      { kind: "end", cause: "budget_exceeded" },
    ],
    [
      "waits for money as well when computing time used it up in another wait",
      { ...waitingView, computeOverBudget: true },
      200_000,
      { kind: "wait_for_budget" },
    ],
    [
      "leaves a wait for money as it was said",
      {
        ...waitingView,
        computeOverBudget: true,
        task: {
          ...waiting(1_000, null),
          waits: [{ id: "budget", reason: "budget", since: 0, until: null, message: "" }],
        },
      },
      200_000,
      { kind: "watch" },
    ],
    [
      "waits when computing time used up the budget",
      { computeOverBudget: true },
      1,
      { kind: "wait_for_budget" },
    ],
    [
      "ends a run that computing time used up, when it was asked to",
      { computeOverBudget: true, onBudget: "stop" },
      1,
      { kind: "end", cause: "budget_exceeded" },
    ],
  ])("%s", (_, change, now, expected) => {
    expect(decideSupervision({ ...view, ...change }, times, now)).toMatchObject(expected);
  });
});

describe("amnesty", () => {
  it("is granted for one lease at the first tick and after a gap longer than half a lease", () => {
    let state = tickAmnesty(noAmnesty, 1000, 0);
    expect(state.until).toBe(1000);
    for (const now of [500, 1000, 1500]) state = tickAmnesty(state, 1000, now);
    expect(state.until).toBe(1000);
    expect(tickAmnesty(state, 1000, 2001).until).toBe(3001);
  });
});
