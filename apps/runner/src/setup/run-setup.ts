import type { Clock } from "@agency/core";
import type { Recorder } from "../journal/recorder.ts";
import type { ProcessGroups } from "../process/groups.ts";
import { runHook } from "../process/run-hook.ts";
import type { HookResult } from "../process/run-hook.ts";
import { logOutput } from "./logged-output.ts";
import type { SetupPlan } from "./plan-setup.ts";

export interface SetupOptions {
  recorder: Recorder;
  clock: Clock;
  groups: ProcessGroups;
  workspace: string;
  env: Record<string, string>;
  signal: AbortSignal;
}

/** Runs the commands of the plan; what went wrong, or null. */
export async function runSetup(plan: SetupPlan, options: SetupOptions): Promise<string | null> {
  const { clock, groups, workspace, env, signal } = options;
  const until = clock.now() + plan.timeoutMs;
  const output = logOutput(options.recorder);
  for (const command of plan.commands) {
    const result = await runHook("/bin/sh", {
      args: ["-c", command],
      cwd: workspace,
      env,
      clock,
      groups,
      signal,
      timeoutMs: Math.max(0, until - clock.now()),
      onOutput: output.take,
    });
    const problem = problemOf(command, result, plan.timeoutMs);
    if (problem !== null) return `${problem}${output.last()}`;
  }
  return null;
}

function problemOf(command: string, { ended, code }: HookResult, timeoutMs: number): string | null {
  const what = `Setup command ${JSON.stringify(command)}`;
  switch (ended) {
    case "timeout":
      return `${what} was stopped: setup may take ${Math.round(timeoutMs / 1000)} s.`;
    case "aborted":
      return `${what} was stopped.`;
    case "not_started":
      return `${what} cannot be started: the sandbox has no /bin/sh.`;
    case "exit":
      return code === 0 ? null : `${what} ended with ${code ?? "a signal"}.`;
  }
}
