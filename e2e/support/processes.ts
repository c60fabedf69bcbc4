import { readdirSync, readFileSync } from "node:fs";

/** Host pids whose command line or environment contains the text: what a sandbox's processes carry. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(
      (pid) =>
        contents(`/proc/${pid}/cmdline`).includes(text) || contents(`/proc/${pid}/environ`).includes(text),
    )
    .map(Number);
}

function contents(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
