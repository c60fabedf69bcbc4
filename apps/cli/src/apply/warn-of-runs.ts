import { plural } from "../render/numbers.ts";
import type { Session } from "../session.ts";
import { listed } from "./listed.ts";
import type { RunsByItself } from "./runs-by-itself.ts";

/** Before anything is written: these came out of a sandbox, and run outside of it. */
export function warnOfRuns({ output, json }: Session, runs: readonly RunsByItself[]): void {
  if (json || runs.length === 0) return;
  const what = `${plural(runs.length, "file")} of the task can run on this machine by themselves. Read them first:`;
  const one = "1 file of the task can run on this machine by itself. Read it first:";
  output.note([
    output.noteStyle.yellow(runs.length === 1 ? one : what),
    ...listed(runs.map(({ path, why }) => `${path}: ${why}`)),
  ]);
}
