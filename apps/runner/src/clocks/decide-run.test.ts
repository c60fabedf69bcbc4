import { DEFAULT_LIMITS, MAX_WAIT_MS } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { decideRun } from "./decide-run.ts";
import { firstState } from "./run-state.ts";
import type { RunState } from "./run-state.ts";
import { beginWait, endWait } from "./waits.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

function state(part: Partial<RunState> = {}): RunState {
  const limits = { ...DEFAULT_LIMITS, wallMs: 60 * MINUTE, silenceMs: 5 * MINUTE, turns: 3 };
  return { ...firstState({ limits, onBudget: "wait" }, 0, 10 * MINUTE), stage: "engine", ...part };
}
const at = (now: number): Partial<RunState> => ({ lastProgressAt: now, lastContactAt: now });

describe("the clocks of a run", () => {
  it("wait for the nearest limit", () => {
    expect(decideRun(state(), MINUTE)).toEqual({ kind: "wait", until: 5 * MINUTE });
    expect(decideRun(state(at(58 * MINUTE)), 58 * MINUTE)).toEqual({ kind: "wait", until: 60 * MINUTE });
  });

  it.each([
    ["the wall limit passes", state(at(60 * MINUTE)), 60 * MINUTE, "timeout"],
    ["nothing happens for the silence limit", state({ lastContactAt: 5 * MINUTE }), 5 * MINUTE, "silence"],
    ["the control plane is gone too long", state({ lastProgressAt: 10 * MINUTE }), 10 * MINUTE, "dead_man"],
    ["the model answered more often than allowed", state({ turns: 4 }), 0, "turns"],
    ["its turns are used and it asks again", state({ exhausted: "turns" }), 0, "turns"],
    ["its money is gone", state({ exhausted: "budget" }), 0, "budget"],
    ["it wrote too much", state({ exhausted: "output", stage: "setup" }), 0, "output"],
    [
      "it is cancelled while it waits",
      state({ cancelled: true, waitingSince: 0, paused: true }),
      0,
      "cancelled",
    ],
    ["the control plane is gone while it waits", state({ waitingSince: 0 }), 10 * MINUTE, "dead_man"],
    ["it has waited for ever", state({ waitingSince: 0, ...at(MAX_WAIT_MS) }), MAX_WAIT_MS, "timeout"],
    ["it is cancelled", state({ cancelled: true }), 0, "cancelled"],
    ["its drain takes too long", state({ draining: { since: 0, forMs: MINUTE } }), MINUTE, "drained"],
  ] as const)("stop the run when %s", (_when, view, now, reason) => {
    expect(decideRun(view, now)).toEqual({ kind: "stop", reason });
  });

  it("take open work for progress", () => {
    const busy = state({ openWork: 1, lastContactAt: 40 * MINUTE });
    expect(decideRun(busy, 40 * MINUTE)).toEqual({ kind: "wait", until: 50 * MINUTE });
  });

  it("leave the time out in which the task waits", () => {
    const waiting = state({ waitingSince: 10 * MINUTE, ...at(300 * MINUTE) });
    expect(decideRun(waiting, 300 * MINUTE)).toEqual({ kind: "wait", until: 310 * MINUTE });
    endWait(waiting, 300 * MINUTE);
    expect(waiting).toMatchObject({ waitedMs: 290 * MINUTE, lastProgressAt: 300 * MINUTE });
    Object.assign(waiting, { lastContactAt: 349 * MINUTE, lastProgressAt: 349 * MINUTE });
    expect(decideRun(waiting, 349 * MINUTE)).toEqual({ kind: "wait", until: 350 * MINUTE });
    expect(decideRun(waiting, 350 * MINUTE)).toEqual({ kind: "stop", reason: "timeout" });
  });

  it("give background work its whole time again after a wait", () => {
    const waiting = state({
      waitingSince: 0,
      draining: { since: 0, forMs: MINUTE },
      lastContactAt: 5 * MINUTE,
    });
    expect(decideRun(waiting, 5 * MINUTE)).toMatchObject({ kind: "wait" });
    endWait(waiting, 5 * MINUTE);
    expect(decideRun(waiting, 5 * MINUTE)).toEqual({ kind: "wait", until: 6 * MINUTE });
  });

  it("count a wait that is told twice once", () => {
    const twice = state();
    beginWait(twice, false, MINUTE);
    beginWait(twice, true, 2 * MINUTE);
    expect(twice).toMatchObject({ waitingSince: MINUTE, paused: true });
    endWait(twice, 3 * MINUTE);
    endWait(twice, 9 * MINUTE);
    expect(twice).toMatchObject({ waitingSince: null, paused: false, waitedMs: 2 * MINUTE });
  });

  it("give the last allowed turn its time", () => {
    expect(decideRun(state({ turns: 3 }), 0)).toMatchObject({ kind: "wait" });
  });

  it("know neither silence nor turns before the engine runs", () => {
    const setup = state({ stage: "setup", turns: 9, lastContactAt: 20 * MINUTE });
    expect(decideRun(setup, 20 * MINUTE)).toEqual({ kind: "wait", until: 30 * MINUTE });
  });

  it("kill what does not stop, then leave it behind", () => {
    const since = 10 * SECOND;
    const soft = state({ stopping: { reason: "cancelled", since, killedAt: null, abandoned: false } });
    expect(decideRun(soft, since)).toEqual({ kind: "wait", until: since + 500 });
    expect(decideRun(soft, since + 500)).toEqual({ kind: "kill" });
    const killed = state({
      stopping: { reason: "cancelled", since, killedAt: since + 500, abandoned: false },
    });
    expect(decideRun(killed, since + 1199)).toMatchObject({ kind: "wait" });
    expect(decideRun(killed, since + 1200)).toEqual({ kind: "abandon" });
    const left = state({ stopping: { reason: "cancelled", since, killedAt: since + 500, abandoned: true } });
    expect(decideRun(left, 99 * MINUTE)).toEqual({ kind: "wait", until: Number.POSITIVE_INFINITY });
  });

  it("leave with the result when nobody comes for it", () => {
    const finishing = state({ stage: "finishing", stageSince: 0, lastContactAt: MINUTE });
    expect(decideRun(finishing, 10 * MINUTE)).toEqual({ kind: "wait", until: 11 * MINUTE });
    expect(decideRun(finishing, 11 * MINUTE)).toEqual({ kind: "leave" });
  });

  it("leave in the end when the control plane answers but never takes the result", () => {
    const finishing = state({ stage: "finishing", stageSince: 0, lastContactAt: 30 * MINUTE });
    expect(decideRun(finishing, 30 * MINUTE)).toEqual({ kind: "leave" });
  });
});
