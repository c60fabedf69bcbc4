import { join } from "node:path";
import type { CheckResult } from "@agency/contract";
import type { Clock } from "@agency/core";
import type { Recorder } from "../journal/recorder.ts";
import { ProcessGroups } from "../process/groups.ts";
import { runHook } from "../process/run-hook.ts";
import type { HookResult } from "../process/run-hook.ts";
import type { Git } from "../workspace/git.ts";
import { openCheckOutput } from "./check-output.ts";
import { cleanCheckout } from "./clean-checkout.ts";

export interface CheckOptions {
  recorder: Recorder;
  clock: Clock;
  groups: ProcessGroups;
  git: Git;
  env: Record<string, string>;
  scratch: string;
  commit: string;
  commands: readonly string[];
  /** For all of them together. */
  timeoutMs: number;
  signal: AbortSignal;
  /** The whole output, in a file that is gone afterwards. */
  onOutput: (name: string, path: string, bytes: number) => Promise<void>;
}

/** Each in a clean checkout of its own, one after the other: what one leaves behind helps no other to pass. */
export async function runChecks(options: CheckOptions): Promise<CheckResult[]> {
  const { clock, timeoutMs, commands, recorder } = options;
  const until = clock.now() + timeoutMs;
  const results: CheckResult[] = [];
  for (const [at, command] of commands.entries()) {
    const { output, ...result } = await runCheck(options, command, at + 1, Math.max(0, until - clock.now()));
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
  const made = await cleanCheckout(options);
  if (!made.ok) return result(null, made.problem);
  const { checkout } = made;
  const name = `check-${number}.log`;
  const path = join(options.scratch, name);
  const output = await openCheckOutput(path);
  // A group of its own: what a check leaves running ends with it.
  const groups = new ProcessGroups();
  try {
    const ended = await runHook("/bin/sh", {
      args: ["-c", command],
      cwd: checkout.folder,
      env: checkEnv(options.env),
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
    await checkout.remove().catch(() => undefined);
  }
}

/** As tests run by a machine expect it. */
function checkEnv(env: Record<string, string>): Record<string, string> {
  return { CI: "true", ...env };
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
