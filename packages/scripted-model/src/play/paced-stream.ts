import { aborted } from "./latches.ts";
import type { Latches } from "./latches.ts";
import type { Halfway, Sleep } from "./player.ts";

/** A piece of a response body and how long to wait before it. */
export interface Frame {
  data: string;
  waitMs: number;
}

export interface StreamPlan {
  frames: readonly Frame[];
  halfway: Halfway | undefined;
  /** What this wire format looks like when it is broken, and when it reports an error in mid-stream. */
  broken: string;
  error: string;
}

/** Nothing is read ahead, so a cut loses only what was never sent. */
export function streamFrames(
  plan: StreamPlan,
  clock: { sleep: Sleep; gates: Latches; signal: AbortSignal },
): ReadableStream<Uint8Array> {
  const cancelled = new AbortController();
  const signal = AbortSignal.any([clock.signal, cancelled.signal]);
  const pieces = emit(plan, { ...clock, signal });
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      pull: async (controller) => {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: (reason) => cancelled.abort(reason),
    },
    { highWaterMark: 0 },
  );
}

async function* emit(
  plan: StreamPlan,
  clock: { sleep: Sleep; gates: Latches; signal: AbortSignal },
): AsyncGenerator<string, void> {
  const middle = Math.ceil(plan.frames.length / 2);
  for (const [index, frame] of plan.frames.entries()) {
    if (index === middle && plan.halfway !== undefined) {
      const last = await atHalfway(plan, plan.halfway, clock);
      if (last !== undefined) {
        yield last;
        return;
      }
    }
    if (frame.waitMs > 0) await clock.sleep(frame.waitMs, clock.signal);
    yield frame.data;
  }
}

/** Returns what ends the stream, or undefined to go on with it. */
async function atHalfway(
  plan: StreamPlan,
  halfway: Halfway,
  clock: { gates: Latches; signal: AbortSignal },
): Promise<string | undefined> {
  switch (halfway.kind) {
    case "gate":
      await clock.gates.wait(halfway.name, clock.signal);
      return undefined;
    case "hang":
      return aborted(clock.signal);
    case "cut":
      throw new Error("The scripted model cut the stream, as its script says.");
    case "garbage":
      return plan.broken;
    case "error":
      return plan.error;
  }
}
