import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@agency/core";
import type { Recorder } from "../journal/recorder.ts";
import type { ProcessGroups } from "../process/groups.ts";
import { runHook } from "../process/run-hook.ts";
import type { HookResult } from "../process/run-hook.ts";
import { inPhase } from "./in-phase.ts";

export type HookName = "pre-run" | "post-run";

const MAX_OUTPUT_CHARS = 1024 * 1024;

export interface HookOptions {
  recorder: Recorder;
  clock: Clock;
  groups: ProcessGroups;
  workspace: string;
  env: Record<string, string>;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Runs `.agency/hooks/<name>` of the workspace when there is one; what went wrong, or null. */
export async function runWorkspaceHook(name: HookName, options: HookOptions): Promise<string | null> {
  const path = join(options.workspace, ".agency", "hooks", name);
  if (!(await may(path, constants.F_OK))) return null;
  return inPhase(options, name, async () => {
    if (!(await may(path, constants.X_OK))) return `.agency/hooks/${name} is not executable: chmod +x it.`;
    const { workspace: cwd, env, clock, groups, signal, timeoutMs } = options;
    const onOutput = outputRecorder(options.recorder);
    const result = await runHook(path, { cwd, env, clock, groups, signal, timeoutMs, onOutput });
    return problemOf(name, result, timeoutMs);
  });
}

function outputRecorder(recorder: Recorder): (text: string) => Promise<void> {
  let left = MAX_OUTPUT_CHARS;
  return async (text) => {
    if (left <= 0) return;
    const kept = text.slice(0, left);
    left -= text.length;
    const cut = left <= 0 ? { truncated: true } : {};
    await recorder.record({ type: "log", data: { stream: "stdout", text: kept, ...cut } });
  };
}

function problemOf(name: HookName, { ended, code }: HookResult, timeoutMs: number): string | null {
  switch (ended) {
    case "timeout":
      return `.agency/hooks/${name} ran longer than ${Math.round(timeoutMs / 1000)} s and was stopped.`;
    case "aborted":
      return `.agency/hooks/${name} was stopped.`;
    case "not_started":
      return `.agency/hooks/${name} cannot be started: the sandbox has no /bin/sh.`;
    case "exit":
      return code === 0 ? null : `.agency/hooks/${name} ended with ${code ?? "a signal"}.`;
  }
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
