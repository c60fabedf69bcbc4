import type { Clock, EngineEnd, EngineEvent } from "@agency/core";
import { createDeltaBatch } from "./delta-batch.ts";
import { createEventQueue } from "./event-queue.ts";
import type { EventQueue } from "./event-queue.ts";
import { createRunLedger } from "./run-ledger.ts";
import type { RunLedger } from "./run-ledger.ts";

type Stop = Extract<EngineEvent, { type: "turn_end" }>["data"]["stop"];

/** Events that may wait for their reader; above it the program behind is held back. */
const BACKLOG = 1000;

/** The one place where a run's events come out: in order, within the rules, and with exactly one end. */
export interface Speaker
  extends Pick<RunLedger, "accept" | "openInputs">, Pick<EventQueue<EngineEvent>, "room" | "release"> {
  readonly events: AsyncIterable<EngineEvent>;
  say(event: EngineEvent): void;
  /** Breaks off what is open and says the end. Nothing can be said after it. */
  end(stop: Stop, data: EngineEnd["data"]): void;
}

export function createSpeaker(clock: Clock): Speaker {
  const queue = createEventQueue<EngineEvent>(BACKLOG);
  const ledger = createRunLedger();
  const pass = (event: EngineEvent): void => {
    const admitted = ledger.admit(event);
    if (admitted !== undefined) queue.push(admitted);
  };
  const deltas = createDeltaBatch(clock, pass);
  return {
    events: queue,
    accept: (inputId) => ledger.accept(inputId),
    get openInputs() {
      return ledger.openInputs;
    },
    room: () => queue.room(),
    release: () => queue.release(),
    say(event) {
      if (event.type === "text_delta") return deltas.add(event);
      deltas.flush();
      pass(event);
    },
    end(stop, data) {
      deltas.flush();
      for (const event of ledger.closing(stop)) queue.push(event);
      queue.push({ type: "end", data });
      queue.close();
    },
  };
}
