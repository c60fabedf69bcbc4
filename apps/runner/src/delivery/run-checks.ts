import { mkdir, mkdtemp, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { CheckResult } from "@agency/contract";
import type { Clock } from "@agency/core";
import type { Recorder } from "../journal/recorder.ts";
import { ProcessGroups } from "../process/groups.ts";
import { runHook } from "../process/run-hook.ts";
import type { HookResult } from "../process/run-hook.ts";
import { checkEnv } from "./check-env.ts";
import type { CheckRoom } from "./check-env.ts";
import { outsideAgent } from "../workspace/outside-agent.ts";
import { openCheckOutput } from "./check-output.ts";
import { cleanCheckout } from "./clean-checkout.ts";
import { removeFolder } from "./remove-folder.ts";

export interface CheckOptions {
  recorder: Recorder;
  clock: Clock;
  groups: ProcessGroups;
  /** The git directory that has the commit. */
  from: string;
  env: Record<string, string>;
  /** Folders the agent could write to: nothing in the environment of a check leads there. */
  agents: readonly string[];
  /** For the logs. */
  scratch: string;
  /** For checkouts and homes; whatever is there before a check is removed. */
  rooms: string;
  commit: string;
  commands: readonly string[];
  /** Tells the logs of a second run from those of the first. */
  round: string;
  /** For all of them together. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Ends every process but the runner's own; what kept it from that, or null. */
  alone: () => Promise<string | null>;
  /** The whole output, in a file that is gone afterwards. */
  onOutput: (name: string, path: string, bytes: number) => Promise<void>;
}

/**
 * Each in a clean checkout and a home of its own, one after the other, with nobody else running: what one leaves behind
 * helps no other to pass.
 */
export async function runChecks(given: CheckOptions): Promise<CheckResult[]> {
  const options = { ...given, env: outsideAgent(given.env, given.agents) };
  const { clock, timeoutMs, commands, recorder } = options;
  const until = clock.now() + timeoutMs;
  const results: CheckResult[] = [];
  for (const [at, command] of commands.entries()) {
    const { output, ...told } = await runCheck(options, command, at + 1, Math.max(0, until - clock.now()));
    const result = { ...told, commit: options.commit };
    results.push(result);
    await recorder.record({ type: "check", data: { ...result, output } });
  }
  return results;
}

type Told = CheckResult & { output: string };

async function runCheck(
  options: CheckOptions,
  command: string,
  number: number,
  timeoutMs: number,
): Promise<Told> {
  const { clock, signal } = options;
  const startedAt = clock.now();
  const result = (exitCode: number | null, output: string): Told => ({
    command,
    passed: exitCode === 0,
    exitCode,
    durationMs: Math.max(0, Math.round(clock.now() - startedAt)),
    output,
  });
  if (timeoutMs === 0) return result(null, "There was no time left to run it.");
  if (signal.aborted) return result(null, "The run ended before it.");
  const crowd = await options.alone();
  if (crowd !== null) return result(null, crowd);
  const { rooms } = options;
  await empty(rooms);
  const made = await cleanCheckout({ ...options, scratch: rooms });
  if (!made.ok) return result(null, made.problem);
  const { checkout } = made;
  const name = `check-${number}${options.round}.log`;
  const path = join(options.scratch, name);
  const room = await openRoom(rooms);
  const output = await openCheckOutput(path);
  // A group of its own: what a check leaves running ends with it.
  const groups = new ProcessGroups();
  try {
    const ended = await runHook("/bin/sh", {
      args: ["-c", command],
      cwd: checkout.folder,
      env: checkEnv(options.env, room),
      clock,
      groups,
      timeoutMs,
      signal,
      onOutput: (text) => output.add(text),
    });
    const told = result(ended.code, output.tail() + whyCut(ended, timeoutMs));
    await output.close();
    await options.onOutput(name, path, output.bytes);
    return told;
  } finally {
    groups.killAll();
    // Also what left its group: it would still be there when the next check begins, or the push.
    await options.alone();
    await Promise.all([checkout.remove(), room.remove()]).catch(() => undefined);
  }
}

/** The agent may have been there: a package.json beside a checkout counts for many tools as if it lay in it. */
async function empty(rooms: string): Promise<void> {
  await mkdir(rooms, { recursive: true });
  for (const name of await readdir(rooms)) await removeFolder(join(rooms, name));
}

async function openRoom(scratch: string): Promise<CheckRoom & { remove(): Promise<void> }> {
  const root = await mkdtemp(join(scratch, "room-"));
  const room = { home: join(root, "home"), tmp: join(root, "tmp") };
  for (const folder of [room.home, room.tmp]) await mkdir(folder, { mode: 0o700 });
  return { ...room, remove: () => removeFolder(root) };
}

function whyCut({ ended }: HookResult, timeoutMs: number): string {
  switch (ended) {
    case "timeout":
      return `\nIt ran longer than the ${Math.round(timeoutMs / 1000)} s left for checks and was stopped.`;
    case "aborted":
      return "\nIt was stopped because the run was.";
    case "not_started":
      return "\nIt cannot be started: the sandbox has no /bin/sh.";
    case "exit":
      return "";
  }
}
