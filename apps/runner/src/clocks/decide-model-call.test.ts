import { DEFAULT_LIMITS } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { decideModelCall } from "./decide-model-call.ts";
import { firstState } from "./run-state.ts";
import type { RunState } from "./run-state.ts";

function decide(part: Partial<RunState>, onBudget: RunState["onBudget"] = "wait"): unknown {
  const limits = { ...DEFAULT_LIMITS, turns: 3, costUsd: 2 };
  return decideModelCall({ ...firstState({ limits, onBudget }, 0, 1), stage: "engine", ...part });
}

describe("a model call before it leaves the sandbox", () => {
  it("goes out while there are turns and money", () => {
    expect(decide({ turns: 2, costUsd: 1.99 })).toEqual({ kind: "send" });
  });

  it("is the end of the run when all turns are used", () => {
    expect(decide({ turns: 3 })).toEqual({ kind: "stop", reason: "turns" });
  });

  it("may cost a little more by our reckoning than by the broker's", () => {
    expect(decide({ costUsd: 2.11 })).toEqual({ kind: "send" });
    expect(decide({ costUsd: 2.12 })).toEqual({ kind: "hold", why: "budget" });
  });

  it("is held or the end of the run when the money is gone, as the task wants it", () => {
    expect(decide({ costUsd: 9 }, "wait")).toEqual({ kind: "hold", why: "budget" });
    expect(decide({ costUsd: 9 }, "stop")).toEqual({ kind: "stop", reason: "budget" });
  });

  it("goes out again when the control plane, which counts exactly, said to go on", () => {
    expect(decide({ costUsd: 9, clearedUsd: 9 })).toEqual({ kind: "send" });
    expect(decide({ costUsd: 9.5, clearedUsd: 9 })).toEqual({ kind: "hold", why: "budget" });
  });

  it("is held while the agent must stand still, not while only a question is open", () => {
    expect(decide({ waitingSince: 1, paused: true })).toEqual({ kind: "hold", why: "paused" });
    expect(decide({ waitingSince: 1, paused: false })).toEqual({ kind: "send" });
  });

  it("is never made once the run is to end", () => {
    expect(decide({ exhausted: "output" })).toEqual({ kind: "hold", why: "ending" });
  });
});
