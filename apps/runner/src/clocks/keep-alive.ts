import type { Clock } from "@agency/core";
import type { Journal } from "../journal/journal.ts";
import type { Recorder } from "../journal/recorder.ts";
import type { RunState } from "./run-state.ts";

export interface KeepAliveOptions {
  clock: Clock;
  state: RunState;
  journal: Pick<Journal, "last">;
  recorder: Recorder;
  signal: AbortSignal;
}

/**
 * The control plane judges silence by events alone. While there is work without any (a clone, a hook, a long
 * command or model call) this says so, three times within the silence limit.
 */
export async function keepAlive({
  clock,
  state,
  journal,
  recorder,
  signal,
}: KeepAliveOptions): Promise<void> {
  let before = journal.last;
  while (!signal.aborted) {
    await clock.sleep(state.limits.silenceMs / 3, signal);
    if (signal.aborted) return;
    const activity = activityOf(state);
    if (journal.last === before && activity !== null)
      await recorder.record({ type: "activity", data: activity });
    before = journal.last;
  }
}

function activityOf(state: RunState): { state: "background" | "tool"; note?: string } | null {
  const { stage, openWork, waitingSince } = state;
  // The control plane itself said that the task waits: for days of it there is nothing to add.
  if (waitingSince !== null) return null;
  if (stage === "kept") return null;
  if (stage === "setup") return { state: "background", note: "preparing the workspace" };
  if (stage === "delivering") return { state: "background", note: "handing the work over" };
  if (stage === "finishing") return { state: "background", note: "finishing" };
  return openWork > 0 ? { state: "tool" } : null;
}
