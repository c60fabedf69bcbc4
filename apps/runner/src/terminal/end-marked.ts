import { readdir, readFile } from "node:fs/promises";

/** A hang-up is a request; what does not heed it within this is killed. */
const HEED_MS = 300;
const LOOK_AGAIN_MS = 20;
const ROUNDS = 50;

/** Ends every process that carries the mark in its environment, those of its own session and group included. */
export async function endMarked(mark: string): Promise<void> {
  const told = await processesWith(mark);
  for (const pid of told) signal(pid, "SIGHUP");
  for (const pid of told) signal(pid, "SIGCONT");
  const until = performance.now() + HEED_MS;
  for (let round = 0; round < ROUNDS; round += 1) {
    const left = await processesWith(mark);
    if (left.length === 0) return;
    // Again and again: what forks while it is looked for is found in the next round.
    if (performance.now() >= until) for (const pid of left) signal(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

async function processesWith(mark: string): Promise<number[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(
    names.map(async (name) => ((await carries(name, mark)) ? Number(name) : 0)),
  );
  return found.filter((pid) => pid > 0);
}

async function carries(pid: string, mark: string): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/environ`, "latin1")).split("\0").includes(mark);
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: it is gone.
  }
}
