import type { Clock } from "@agency/core";
import { descendants, readProcessTable, wasStartedWith } from "./process-table.ts";
import type { ProcessRow } from "./process-table.ts";

const LOOK_AGAIN_MS = 15;
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

export function livingProcesses(run: RunProcesses): number[] {
  return belongingTo(run, readProcessTable()).filter((pid) => pid !== process.pid);
}

/** Asks, waits, and then ends by force. Resolves when nothing of the run is left. */
export async function endProcesses(run: RunProcesses, graceMs: number, clock: Clock): Promise<void> {
  if (graceMs > 0) {
    signalAll(run, "SIGTERM");
    if (await areGone(run, graceMs, clock)) return;
  }
  const giveUpAt = clock.now() + KILLED_WITHIN_MS;
  do signalAll(run, "SIGKILL");
  while (!(await areGone(run, LOOK_AGAIN_MS, clock)) && clock.now() < giveUpAt);
}

function belongingTo(run: RunProcesses, rows: readonly ProcessRow[]): number[] {
  const { pid, marker } = run;
  if (pid === undefined) return [];
  // A number is not given out again while its group lives; a leader after ours exited is somebody else's.
  const isReused = run.hasExited() && rows.some((row) => row.pid === pid);
  const below = isReused ? new Set<number>() : descendants(rows, pid);
  const isOurs = (row: ProcessRow): boolean =>
    below.has(row.pid) || (!isReused && row.pgid === pid) || wasStartedWith(row.pid, marker);
  return rows.filter((row) => isOurs(row)).map((row) => row.pid);
}

async function areGone(run: RunProcesses, withinMs: number, clock: Clock): Promise<boolean> {
  const until = clock.now() + withinMs;
  while (!run.hasExited() || livingProcesses(run).length > 0) {
    if (clock.now() >= until) return false;
    await clock.sleep(LOOK_AGAIN_MS);
  }
  return true;
}

function signalAll(run: RunProcesses, signal: NodeJS.Signals): void {
  // The whole group in one step while its number is surely ours, so that no member escapes by forking.
  const group = run.pid === undefined || run.hasExited() ? [] : [-run.pid];
  for (const pid of [...group, ...livingProcesses(run)]) {
    try {
      process.kill(pid, signal);
    } catch {
      // Already gone.
    }
  }
}
