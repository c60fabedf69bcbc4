import { describe, expect, it } from "vitest";
import { WAIT_REASONS } from "@agency/contract";
import type { AskBody, Outcome } from "@agency/contract";
import type { Effect, Step, TaskCommand, TaskSnapshot } from "./snapshot.ts";
import { stepTask } from "./step.ts";
import { MAX_WAITS, WAIT_ORDER, firstWait, waitedUntil } from "./waits.ts";

const running: TaskSnapshot = {
  state: "running",
  reason: null,
  desired: "run",
  cancelDeadlineAt: null,
  epoch: 1,
  startsLeft: 2,
  attempt: { epoch: 1, state: "running", startedAt: 0, outcome: null },
  waits: [],
  waitingSince: null,
  waitedMs: 0,
};
const outcome: Outcome = {
  state: "completed",
  reason: null,
  summary: "",
  files: 0,
  added: 0,
  removed: 0,
  commit: null,
  commits: [],
  branch: null,
  checks: [],
};
const question = (id: string): AskBody => ({
  id,
  kind: "question",
  questions: [{ text: `What of ${id}?`, choices: [], multiple: false }],
});
const approval: AskBody = { id: "a", kind: "approval", tool: "Bash", title: "git push", input: {} };
const pause: TaskCommand = { kind: "pause" };
const ask = (body: AskBody): TaskCommand => ({ kind: "ask", epoch: 1, ask: body });
const wait = (reason: "budget" | "usage_limit", until: number | null = null): TaskCommand => ({
  kind: "wait",
  epoch: 1,
  reason,
  until,
  message: "because",
});
const proceed = (id: string): TaskCommand => ({ kind: "proceed", id });

function step(task: TaskSnapshot, command: TaskCommand, now = 0): Step {
  const result = stepTask(task, command, now);
  if (!result.ok) throw new Error(`${command.kind} refused: ${result.error.code}`);
  return result.step;
}

const after = (...commands: TaskCommand[]) =>
  commands.reduce((task, command, i) => step(task, command, i * 100).next, running);
const told = ({ effects }: { effects: readonly Effect[] }) =>
  effects.flatMap((effect) => (effect.kind === "tell_runner" ? [effect.command] : []));

describe("a wait", () => {
  it("shows the reasons in the contract's order", () => {
    expect(WAIT_ORDER).toEqual(WAIT_REASONS);
  });

  it("says its reason, its words and when it ends, and tells the runner that its clocks stop", () => {
    const begun = step(running, wait("usage_limit", 3_600_000), 100);
    expect(begun.next).toMatchObject({ state: "waiting", reason: "usage_limit", waitingSince: 100 });
    expect(begun.events).toEqual([
      {
        type: "status",
        data: {
          state: "waiting",
          reason: "usage_limit",
          message: "because",
          until: "1970-01-01T01:00:00.000Z",
        },
      },
    ]);
    expect(told(begun)).toEqual([{ kind: "wait", reason: "usage_limit", pause: false }]);
  });

  it("goes on when it is over, and remembers how long it was", () => {
    const over = step(after(pause), proceed("paused_by_user"), 250);
    expect(over.next).toMatchObject({ state: "running", reason: null, waits: [], waitedMs: 250 });
    expect(over.events).toEqual([{ type: "status", data: { state: "running" } }]);
    expect(told(over)).toEqual([{ kind: "proceed" }]);
  });

  it("stops the agent itself, except for a usage limit: its time does not run meanwhile", () => {
    expect(told(step(running, wait("budget")))).toEqual([{ kind: "wait", reason: "budget", pause: true }]);
    expect(told(step(running, pause))).toEqual([{ kind: "wait", reason: "paused_by_user", pause: true }]);
    expect(told(step(running, ask(approval)))).toEqual([
      { kind: "wait", reason: "needs_approval", pause: true },
    ]);
    expect(told(step(running, wait("usage_limit")))).toEqual([
      { kind: "wait", reason: "usage_limit", pause: false },
    ]);
  });
  it("is one of several: the one that most needs a person is shown, the clock stands until the last is over", () => {
    const both = after(wait("usage_limit", 9_000), pause);
    expect(both).toMatchObject({ state: "waiting", reason: "paused_by_user", waitingSince: 0 });
    const one = step(both, proceed("paused_by_user"), 500);
    expect(one.next).toMatchObject({ state: "waiting", reason: "usage_limit", waitingSince: 0, waitedMs: 0 });
    expect(told(one)).toEqual([{ kind: "wait", reason: "usage_limit", pause: false }]);
    expect(step(one.next, proceed("usage_limit"), 700).next).toMatchObject({
      state: "running",
      waitedMs: 700,
    });
  });

  it("says nothing when it is said again, and something when its time has changed", () => {
    const waiting = after(wait("usage_limit", 9_000));
    expect(step(waiting, wait("usage_limit", 9_000), 50)).toEqual({ next: waiting, events: [], effects: [] });
    const later = step(waiting, wait("usage_limit", 12_000), 50);
    expect(later.next.waits).toMatchObject([{ since: 0, until: 12_000 }]);
    expect(later.events).toHaveLength(1);
    expect(told(later)).toEqual([]);
    expect(step(after(pause), pause, 50).events).toEqual([]);
  });

  it("that is over already is not ended twice, and that is no error", () => {
    expect(step(running, proceed("budget"))).toEqual({ next: running, events: [], effects: [] });
  });

  it("is measured while it lasts", () => {
    expect(waitedUntil({ waitedMs: 10, waitingSince: 100 }, 130)).toBe(40);
    expect(waitedUntil({ waitedMs: 10, waitingSince: 100 }, 50)).toBe(10);
  });
});

describe("an ask", () => {
  it("is written down whole and shown by its first question", () => {
    const asked = step(running, ask(question("q")));
    expect(asked.events.map((event) => event.type)).toEqual(["ask", "status"]);
    expect(firstWait(asked.next.waits)).toMatchObject({
      id: "q",
      reason: "needs_input",
      message: "What of q?",
    });
    expect(step(running, ask(approval)).next.waits).toMatchObject([{ message: "Bash: git push" }]);
  });

  it("gets its answer, and the other one still waits", () => {
    const answer: TaskCommand = {
      kind: "answer",
      askId: "q",
      by: "me",
      answer: { kind: "question", answers: [["so"]] },
    };
    const answered = step(after(ask(question("q")), ask(approval)), answer);
    expect(told(answered)).toEqual([{ kind: "answer", askId: "q", answer: answer.answer }]);
    expect(answered.events).toEqual([
      { type: "answer", data: { askId: "q", answer: answer.answer, by: "me" } },
    ]);
    expect(answered.next).toMatchObject({ state: "waiting", reason: "needs_approval" });
  });

  it("is told to the runner before it may go on", () => {
    const answer = { kind: "approval" as const, allow: true };
    const answered = step(after(ask(approval)), { kind: "answer", askId: "a", by: "me", answer });
    expect(told(answered).map((command) => command.kind)).toEqual(["answer", "proceed"]);
  });

  it.each<[string, TaskSnapshot, TaskCommand]>([
    [
      "an answer of the other kind",
      after(ask(question("q"))),
      { kind: "answer", askId: "q", by: "me", answer: { kind: "approval", allow: true } },
    ],
    [
      "an answer to what was never asked",
      running,
      { kind: "answer", askId: "q", by: "me", answer: { kind: "approval", allow: true } },
    ],
    ["an ask under the name of a pause", running, ask(question("paused_by_user"))],
    ["an ask of a task that is to be cancelled", after({ kind: "cancel", graceMs: 5 }), ask(approval)],
    ["a pause of one", after({ kind: "cancel", graceMs: 5 }), pause],
  ])("refuses %s", (_, task, command) => {
    expect(stepTask(task, command, 0)).toMatchObject({ ok: false, error: { code: "not_now" } });
  });

  it("that the agent gave up holds nobody up, and is told in the log", () => {
    const withdraw: TaskCommand = { kind: "withdraw", epoch: 1, askId: "a" };
    const withdrawn = step(after(ask(approval)), withdraw);
    expect(withdrawn.next).toMatchObject({ state: "running", reason: null, waits: [] });
    expect(told(withdrawn)).toEqual([{ kind: "proceed" }]);
    expect(withdrawn.events.map((event) => event.type)).toEqual(["notice", "status"]);
    expect(step(withdrawn.next, withdraw)).toEqual({ next: withdrawn.next, events: [], effects: [] });
  });

  it("cannot be withdrawn by the name of a wait that is not the runner's, or by an attempt that is over", () => {
    for (const [task, askId] of [
      [after(pause), "paused_by_user"],
      [after(wait("budget")), "budget"],
    ] as const)
      expect(step(task, { kind: "withdraw", epoch: 1, askId }).next).toBe(task);
    const stale: TaskCommand = { kind: "withdraw", epoch: 0, askId: "a" };
    expect(stepTask(after(ask(approval)), stale, 0)).toMatchObject({ ok: false, error: { code: "fenced" } });
  });

  it("cannot be asked without end, and never leaves the user or the broker without a wait of their own", () => {
    const full = after(...Array.from({ length: MAX_WAITS }, (_, i) => ask(question(`q${i}`))));
    expect(stepTask(full, ask(question("more")), 0)).toMatchObject({ ok: false });
    expect(step(full, pause).next.reason).toBe("paused_by_user");
    expect(step(full, wait("budget")).next.waits).toHaveLength(MAX_WAITS + 1);
  });
});

describe("the end of all waits", () => {
  it("comes with a cancel: nobody is asked any more, and what stood still can be stopped softly", () => {
    const cancelled = step(after(ask(approval), pause), { kind: "cancel", graceMs: 5 }, 400);
    expect(cancelled.next).toMatchObject({ state: "running", reason: null, waits: [], waitedMs: 400 });
    expect(told(cancelled).map((command) => command.kind)).toEqual(["cancel", "proceed"]);
    expect(cancelled.events).toEqual([{ type: "status", data: { state: "running" } }]);
  });

  it("comes with the runner's outcome and with the attempt's end", () => {
    for (const command of [
      { kind: "finalize", epoch: 1, outcome },
      { kind: "end", epoch: 1, cause: "sandbox_lost" },
    ] satisfies TaskCommand[]) {
      const { next } = step(after(pause), command, 300);
      expect(next).toMatchObject({ waits: [], waitingSince: null, waitedMs: 300 });
    }
  });
});
