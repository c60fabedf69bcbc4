import type { Bootstrap, WorkOrder } from "@agency/contract";
import type { Clock, Engine } from "@agency/core";
import type { RunState } from "../clocks/run-state.ts";
import type { ProgressTracker } from "../clocks/track-progress.ts";
import type { RunnerConfig } from "../config.ts";
import type { Recorder } from "../journal/recorder.ts";
import type { ProcessGroups } from "../process/groups.ts";
import type { UplinkClient } from "../uplink/client.ts";
import type { WaysOut } from "./agent-env.ts";
import type { Asks } from "./asks.ts";

/** Folders that this sandbox was given. */
export type Lent = Pick<Bootstrap, "mirror" | "caches">;

export interface SessionOptions {
  config: RunnerConfig;
  order: WorkOrder;
  bootstrap: Lent;
  engines: Readonly<Record<string, Engine>>;
  forwarderUrl: string;
  waysOut: WaysOut;
  asks: Asks;
  client: UplinkClient;
  clock: Clock;
  random: () => number;
  groups: ProcessGroups;
  recorder: Recorder;
  state: RunState;
  progress: ProgressTracker;
  onEngineSpeaks: () => void;
  /** The state changed in a way that may bring a deadline forward. */
  poke: () => void;
  /** What is held may go on now. */
  release: () => void;
  /** People's terminals end: a program of theirs would be beside what is handed over and checked. */
  hangUp: () => Promise<void>;
  /** The control plane's time. */
  at: () => string;
  /** The attempt is over. */
  over: AbortSignal;
  onFenced: (why: string) => void;
}
