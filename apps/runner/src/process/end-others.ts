import type { Clock } from "@agency/core";
import type { ProcessGroups } from "./groups.ts";
import { runningProcesses } from "./running-processes.ts";

/** Killing takes milliseconds; a process that is stuck in the kernel may never end. */
const PATIENCE_MS = 5000;
const LOOK_AGAIN_MS = 5;
/** From then on whoever forks faster than we look is killed together with our own children. */
const POLITE_LOOKS = 4;
const FIRST_PID = 1;
/** In a sandbox the runner is the second. On a machine these are the kernel's own. */
const LAST_OF_THE_FIRST = 9;

export interface EndOthersOptions {
  clock: Clock;
  /** Our own children, which go on. */
  groups: ProcessGroups;
}

/**
 * Leaves nobody running in the sandbox but the runner, the first process and the programs the runner itself runs just
 * now: a daemon of the agent would change what is being checked. Only for a runner whose pid namespace is its own.
 * Resolves to what is in the way, or null.
 */
export async function endOthers({ clock, groups }: EndOthersOptions): Promise<string | null> {
  // Were this ever asked for elsewhere, it would be the end of everything that the user runs.
  if (process.ppid !== FIRST_PID || process.pid > LAST_OF_THE_FIRST)
    return "The runner is not the first program of its sandbox.";
  const until = clock.now() + PATIENCE_MS;
  for (let looks = 0; ; looks += 1) {
    const left = (await others()).filter(({ group }) => !groups.isOurs(group));
    if (left.length === 0) return null;
    if (clock.now() > until) return `${left.length} processes of the agent do not end.`;
    // The kernel strikes all of them at once, so that no fork can outrun it. It would take our own children along.
    if (!groups.hasOurs || looks >= POLITE_LOOKS) kill(-1);
    else for (const { pid } of left) kill(pid);
    await clock.sleep(LOOK_AGAIN_MS);
  }
}

async function others() {
  return (await runningProcesses()).filter(({ pid }) => pid !== process.pid && pid !== FIRST_PID);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ESRCH: it is gone.
  }
}
