import type { Clock } from "@agency/core";
import type { Recorder } from "../journal/recorder.ts";
import type { ProcessGroups } from "../process/groups.ts";
import { runHook } from "../process/run-hook.ts";
import type { HookResult } from "../process/run-hook.ts";
import type { SetupPlan } from "./plan-setup.ts";

const MAX_OUTPUT_CHARS = 1024 * 1024;
const LAST_LINES = 10;
const LAST_CHARS = 2000;

export interface SetupOptions {
  recorder: Recorder;
  clock: Clock;
  groups: ProcessGroups;
  workspace: string;
  env: Record<string, string>;
  signal: AbortSignal;
}

/** Runs the commands of the plan; what went wrong, or null. Services they start stay for the agent. */
export async function runSetup(plan: SetupPlan, options: SetupOptions): Promise<string | null> {
  const { clock, groups, workspace, env, signal } = options;
  const until = clock.now() + plan.timeoutMs;
  const output = outputOf(options.recorder);
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

/** What was prepared and what was not, in one sentence for people. */
export function readiness(plan: SetupPlan, notices: readonly string[]): string {
  const count = (list: readonly unknown[], one: string): string =>
    `${list.length} ${one}${list.length === 1 ? "" : "s"}`;
  const prepared = [
    ...(plan.commands.length > 0 ? [count(plan.commands, "setup command")] : []),
    ...(Object.keys(plan.env).length > 0 ? [`the variables ${Object.keys(plan.env).join(", ")}`] : []),
    ...(plan.checks.length > 0 ? [count(plan.checks, "check")] : []),
    ...(plan.artifacts.length > 0 ? [count(plan.artifacts, "pattern of files to keep")] : []),
  ];
  const missing = plan.unsupported.length === 0 ? [] : [`not supported: ${plan.unsupported.join(", ")}`];
  const from = `From the repository: ${prepared.length === 0 ? "nothing to prepare" : prepared.join(", ")}`;
  return `${[from, ...missing, ...notices].join("; ")}.`;
}

function outputOf(recorder: Recorder): { take: (text: string) => Promise<void>; last: () => string } {
  let left = MAX_OUTPUT_CHARS;
  let end = "";
  return {
    async take(text) {
      end = (end + text).slice(-LAST_CHARS);
      if (left <= 0) return;
      const kept = text.slice(0, left);
      left -= text.length;
      const cut = left <= 0 ? { truncated: true } : {};
      await recorder.record({ type: "log", data: { stream: "stdout", text: kept, ...cut } });
    },
    last() {
      const lines = end.trim().split("\n").slice(-LAST_LINES).join("\n");
      return lines === "" ? "" : ` Its last words:\n${lines}`;
    },
  };
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
