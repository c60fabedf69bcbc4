import type { Clock } from "@agency/core";
import type { Recorder } from "../journal/recorder.ts";

/** Tells of a step's beginning and end. The step says what went wrong, or null. */
export async function inPhase(
  { recorder, clock }: { recorder: Recorder; clock: Clock },
  name: string,
  step: () => Promise<string | null>,
): Promise<string | null> {
  const startedAt = clock.now();
  await recorder.record({ type: "phase", data: { name, status: "started" } });
  const problem = await step();
  const durationMs = Math.max(0, Math.round(clock.now() - startedAt));
  await recorder.record({
    type: "phase",
    data:
      problem === null
        ? { name, status: "completed", durationMs }
        : { name, status: "failed", message: problem, durationMs },
  });
  return problem;
}
