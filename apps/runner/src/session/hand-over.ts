import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { WorkOrder } from "@agency/contract";
import type { Engine } from "@agency/core";
import { deadline } from "../clocks/deadline.ts";
import type { RunState } from "../clocks/run-state.ts";
import { timeLeft } from "../clocks/time-left.ts";
import { wallEnd } from "../clocks/waits.ts";
import { privateFolder } from "../config.ts";
import type { RunnerConfig } from "../config.ts";
import { deliverRun, isPushed, NOTHING_DELIVERED } from "../delivery/deliver-run.ts";
import type { Declared, Delivered, DeliverOptions, Step } from "../delivery/deliver-run.ts";
import type { Recorder } from "../journal/recorder.ts";
import type { ProcessGroups } from "../process/groups.ts";
import type { BlobWay } from "../uplink/blobs.ts";
import type { Git } from "../workspace/git.ts";
import type { WaysOut } from "./agent-env.ts";
import { deliverWorkspace, NO_COUNTS } from "./deliver-workspace.ts";
import type { Counts } from "./deliver-workspace.ts";
import type { EngineReport } from "./engine-turns.ts";
import { inPhase } from "./in-phase.ts";
import { decideOutcome } from "./outcome.ts";
import type { Storing } from "./storing.ts";

const DIFF_MS = 60_000;
const LATE_DIFF_MS = 3000;
/** After the wall limit the control plane waits 15 s in all: what is saved within this time still counts. */
const LATE_DELIVERY_MS = 12_000;
/** Part of the two seconds in which a cancelled run of a small workspace is over. */
const CANCELLED_DIFF_MS = 400;
/** Whoever stops a run may want what there was of it, but waits for the end. */
const CANCELLED_COMMIT_MS = 60_000;

/** What is left of a run when its engine has ended. */
export interface WorkDone extends BlobWay {
  config: RunnerConfig;
  order: WorkOrder;
  engines: Readonly<Record<string, Engine>>;
  recorder: Recorder;
  groups: ProcessGroups;
  state: RunState;
  waysOut: WaysOut;
  git: Git;
  env: Record<string, string>;
  declared: Declared;
  /** Null: there never was a workspace. */
  base: string | null;
  report: EngineReport;
  storing: Storing;
  /** Somebody stopped the run: what it left is stored, and nothing more is done with it. */
  cancelled: AbortSignal;
  /** Nobody waits for an outcome. */
  gone: AbortSignal;
  enter: (stage: "delivering" | "finishing") => void;
}

/** Tells every changed file. */
export async function tellChanges(work: WorkDone): Promise<Counts> {
  const { recorder, clock, config, state, base, git, report, cancelled } = work;
  if (base === null) return NO_COUNTS;
  const late = state.cancelled
    ? deadline(clock, CANCELLED_DIFF_MS, new AbortController().signal)
    : deadline(clock, timeLeft(state, clock.now(), DIFF_MS, LATE_DIFF_MS), cancelled);
  const { signal } = late;
  const { workspace } = config;
  const diff = { git, workspace, base, scratch: privateFolder(config), timeoutMs: DIFF_MS, signal };
  let counts: Counts = NO_COUNTS;
  await inPhase(work, "delivery", async () => {
    counts = await deliverWorkspace(recorder, report.files, diff);
    return null;
  });
  late.clear();
  return counts;
}

/** From the work in the workspace to what is handed back. */
export async function handOver(work: WorkDone): Promise<Delivered> {
  const { config, order, engines, base, report, state, gone, enter, waysOut, storing } = work;
  if (base === null || gone.aborted) return NOTHING_DELIVERED;
  const stopped = state.stopping?.reason ?? null;
  const decided = decideOutcome({ ...report, stopped, checks: [] });
  const isDone = decided.state === "completed";
  const scratch = join(privateFolder(config), "delivery");
  // Without a disk to write to each step fails by itself, and says so.
  await mkdir(scratch, { recursive: true }).catch(() => undefined);
  const delivered = await deliverRun({
    ...work,
    base,
    workspace: config.workspace,
    scratch,
    gitSettings: waysOut.gitSettings,
    engineTitle: engines[order.engine]?.title ?? order.engine,
    summary: isDone ? decided.summary : "",
    isDone,
    store: (signal) => async (header, path) => {
      const sent = await storing.send(header, path, signal);
      return sent.kind === "stored" ? null : sent.why;
    },
    begin: (name, most) => {
      enter("delivering");
      return beginStep(work, name, most);
    },
  });
  await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
  storing.onlyLeft();
  enter("finishing");
  return delivered;
}

function beginStep(work: WorkDone, name: Step, most: number): ReturnType<DeliverOptions["begin"]> {
  const { storing, gone, cancelled, clock, state } = work;
  if (name === "artifacts") {
    if (!isPushed(work.order)) storing.onlyLeft();
    // The sandbox goes after it: that it takes long is no reason to lose what is in there.
    const clear = storing.hold();
    return { left: Number.POSITIVE_INFINITY, signal: AbortSignal.any([storing.signal, gone]), clear };
  }
  const end = wallEnd(state) + LATE_DELIVERY_MS + storing.delayedMs;
  const isShut = storing.isTold && (name === "rebase" || name === "push");
  const left = isShut ? 0 : Math.min(most, end - clock.now());
  if (name !== "commit") return { left, ...deadline(clock, Math.max(0, left), cancelled) };
  // The patch is made of the commit.
  const stored = storing.hold();
  const ms = state.cancelled ? CANCELLED_COMMIT_MS : left;
  const { signal, clear } = deadline(clock, Math.max(0, ms), gone);
  return {
    left: ms,
    signal,
    clear() {
      clear();
      stored();
    },
  };
}
