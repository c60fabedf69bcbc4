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
  /** What the configuration names beside the file; null when it names nothing. */
  command: string | null;
}

/** Runs `.agency/hooks/<name>` and the configured hook when there are any; what went wrong, or null. */
export async function runWorkspaceHook(name: HookName, options: HookOptions): Promise<string | null> {
  const path = join(options.workspace, ".agency", "hooks", name);
  const file = `.agency/hooks/${name}`;
  const { command } = options;
  const isThere = await may(path, constants.F_OK);
  if (!isThere && command === null) return null;
  return inPhase(options, name, async () => {
    if (isThere && !(await may(path, constants.X_OK))) return `${file} is not executable: chmod +x it.`;
    return (
      (isThere ? await runOne(file, path, [], options) : null) ??
      (command === null ? null : runOne(`The ${name} hook`, "/bin/sh", ["-c", command], options))
    );
  });
}

async function runOne(
  what: string,
  program: string,
  args: readonly string[],
  { workspace: cwd, env, clock, groups, signal, timeoutMs, recorder }: HookOptions,
): Promise<string | null> {
  const onOutput = outputRecorder(recorder);
  const result = await runHook(program, { args, cwd, env, clock, groups, signal, timeoutMs, onOutput });
  return problemOf(what, result, timeoutMs);
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

function problemOf(what: string, { ended, code }: HookResult, timeoutMs: number): string | null {
  switch (ended) {
    case "timeout":
      return `${what} ran longer than ${Math.round(timeoutMs / 1000)} s and was stopped.`;
    case "aborted":
      return `${what} was stopped.`;
    case "not_started":
      return `${what} cannot be started: the sandbox has no /bin/sh.`;
    case "exit":
      return code === 0 ? null : `${what} ended with ${code ?? "a signal"}.`;
  }
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
