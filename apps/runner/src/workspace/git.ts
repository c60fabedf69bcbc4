import type { Clock } from "@agency/core";
import type { ProcessGroups } from "../process/groups.ts";
import { runChild } from "../process/run-child.ts";
import type { ChildResult } from "../process/run-child.ts";
import { againWhenCut } from "./again-when-cut.ts";

/** Runs git in the workspace with everything off that could ask, wait for an editor or run code of the repository. */
export interface Git {
  (args: readonly string[], options: GitCall): Promise<ChildResult>;
}

export interface GitCall {
  timeoutMs: number;
  signal: AbortSignal;
  env?: Record<string, string>;
  maxBytes?: number;
  input?: Buffer;
}

const QUIET = [
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "gc.auto=0",
  "core.quotePath=false",
  "safe.directory=*",
];

/** A missing object of a partial clone would be fetched by the program that the repository's settings name. */
const ALONE = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_EDITOR: "true",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_LAZY_FETCH: "1",
};

export function createGit(
  cwd: string,
  env: Record<string, string>,
  clock: Clock,
  groups: ProcessGroups,
): Git {
  const settings = QUIET.flatMap((setting) => ["-c", setting]);
  const run: Git = (args, call) =>
    runChild("git", [...settings, ...args], {
      cwd,
      clock,
      groups,
      env: { ...env, ...call.env, ...ALONE },
      timeoutMs: call.timeoutMs,
      signal: call.signal,
      ...(call.maxBytes === undefined ? {} : { maxBytes: call.maxBytes }),
      ...(call.input === undefined ? {} : { input: call.input }),
    });
  return (args, call) => againWhenCut(() => run(args, call), clock, call.signal);
}

/** One sentence on why a call failed, or null when it did not. */
export function gitProblem(what: string, result: ChildResult): string | null {
  if (result.code === 0) return null;
  if (result.ended === "timeout") return `${what} took too long and was stopped.`;
  if (result.ended === "aborted") return `${what} was stopped.`;
  if (result.ended === "not_started") return `${what} failed: git cannot be started (${result.stderr}).`;
  const said = oneSentence(result.stderr.trim().split("\n").slice(-5));
  return `${what} failed: ${said === "" ? `git ended with ${result.code ?? "a signal"}.` : said}`;
}

/** Git ends its lines with a stop or with nothing, and shows every one as a line of its own. */
function oneSentence(lines: readonly string[]): string {
  const text = lines
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => (/[.:;,!?]$/.test(line) ? line : `${line};`))
    .join(" ");
  return text.replace(/;$/, ".");
}
