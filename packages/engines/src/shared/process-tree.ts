import type { Clock } from "@agency/core";
import { descendants, readProcessTable, wasStartedWith } from "./process-table.ts";
import type { ProcessRow } from "./process-table.ts";

const LOOK_AGAIN_MS = 15;
/** A program that forks without end may win more rounds than this; the limits of the sandbox are for that. */
const STOP_ROUNDS = 20;
/** After SIGKILL a process only stays while the kernel holds it (a dead disk); nothing can be done then. */
const KILLED_WITHIN_MS = 5000;

/**
 * How the processes of a run are known again: the group of its first process, whatever descends from that, and
 * whatever was started with the run's own variable in its environment. The last one finds those that began their
 * own session and lost their parent: the shells of an engine that was killed.
 */
export interface RunProcesses {
  /** Of the first process, which leads its group; undefined when it could not be started. */
  pid: number | undefined;
  hasExited(): boolean;
  /** NAME=value, unique for the run. */
  marker: string;
}

export interface Farewell {
  /** Who is asked to end before force is used: a leader that looks after its own children, or everyone. */
  ask: "leader" | "all" | "nobody";
  graceMs: number;
}

/** Asks, waits, and then ends by force. Resolves when nothing of the run is left. */
export async function endProcesses(
  run: RunProcesses,
  { ask, graceMs }: Farewell,
  clock: Clock,
): Promise<void> {
  if (ask !== "nobody") {
    const asked = ask === "all" ? outsideGroup(run) : [];
    signal(run, asked, "SIGTERM");
    // One that was stopped hears it only when it goes on.
    signal(run, asked, "SIGCONT");
    await until(() => (ask === "all" ? isGone(run) : run.hasExited()), graceMs, clock);
  }
  for (const giveUpAt = clock.now() + KILLED_WITHIN_MS; !isGone(run) && clock.now() < giveUpAt;) {
    signal(run, outsideGroup(run), "SIGKILL");
    await until(() => isGone(run), LOOK_AGAIN_MS, clock);
  }
}

/** Stops every process of the run where it stands, also those that began their own session. */
export function stopProcesses(run: RunProcesses): void {
  signal(run, [], "SIGSTOP");
  const stopped = new Set<number>();
  // One that was not stopped yet may have started another; once all are, nothing new comes.
  for (let round = 0; round < STOP_ROUNDS; round += 1) {
    const moving = outsideGroup(run).filter(({ pid }) => !stopped.has(pid));
    if (moving.length === 0) return;
    signal(run, moving, "SIGSTOP");
    for (const { pid } of moving) stopped.add(pid);
  }
}

export function continueProcesses(run: RunProcesses): void {
  signal(run, outsideGroup(run), "SIGCONT");
}

function isGone(run: RunProcesses): boolean {
  return run.hasExited() && livingProcesses(run).length === 0;
}

function livingProcesses(run: RunProcesses): ProcessRow[] {
  return belongingTo(run, readProcessTable()).filter((row) => row.pid !== process.pid);
}

/** Those that a signal to the group does not reach: they began their own session, or the group's number is not sure. */
function outsideGroup(run: RunProcesses): ProcessRow[] {
  return livingProcesses(run).filter((row) => run.hasExited() || row.pgid !== run.pid);
}

function belongingTo(run: RunProcesses, rows: readonly ProcessRow[]): ProcessRow[] {
  const { pid, marker } = run;
  if (pid === undefined) return [];
  // A number is not given out again while its group lives; a leader after ours exited is somebody else's.
  const isReused = run.hasExited() && rows.some((row) => row.pid === pid);
  const below = isReused ? new Set<number>() : descendants(rows, pid);
  return rows.filter(
    (row) => below.has(row.pid) || (!isReused && row.pgid === pid) || wasStartedWith(row.pid, marker),
  );
}

function signal(run: RunProcesses, others: readonly ProcessRow[], name: NodeJS.Signals): void {
  // The whole group in one step while its number is surely ours, so that no member escapes by forking.
  const group = run.pid === undefined || run.hasExited() ? [] : [-run.pid];
  for (const target of [...group, ...others.map((row) => row.pid)]) {
    try {
      process.kill(target, name);
    } catch {
      // Already gone.
    }
  }
}

async function until(done: () => boolean, withinMs: number, clock: Clock): Promise<void> {
  for (const giveUpAt = clock.now() + withinMs; !done() && clock.now() < giveUpAt;)
    await clock.sleep(LOOK_AGAIN_MS);
}
