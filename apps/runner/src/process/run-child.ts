import { spawn } from "node:child_process";
import type { Clock } from "@agency/core";
import type { ProcessGroups } from "./groups.ts";

export interface ChildOptions {
  cwd: string;
  env: Record<string, string>;
  clock: Clock;
  groups: ProcessGroups;
  timeoutMs: number;
  signal: AbortSignal;
  /** More output than this is not kept. */
  maxBytes?: number;
  /** What it reads on standard input; without, there is none. */
  input?: Buffer;
}

export interface ChildResult {
  /** Null: did not start, was ended by a signal, by the time limit or by us. */
  readonly code: number | null;
  readonly ended: "exit" | "timeout" | "aborted" | "not_started";
  readonly stdout: Buffer;
  /** The end of it: where programs say what went wrong. */
  readonly stderr: string;
  /** Standard output was cut at the limit. */
  readonly truncated: boolean;
}

const MAX_BYTES = 8 * 1024 * 1024;
const STDERR_CHARS = 4096;

/** Runs a program to its end in a process group of its own; never throws, never outlives its limit. */
export async function runChild(
  file: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<ChildResult> {
  if (options.signal.aborted) return notStarted("aborted", "");
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  // It may end without having read it all.
  child.stdin.on("error", () => undefined).end(options.input);
  const { pid } = child;
  const closed = new Promise<{ code: number | null; error: Error | null }>((resolve) => {
    child.once("error", (error) => resolve({ code: null, error }));
    child.once("close", (code) => resolve({ code, error: null }));
  });
  if (pid !== undefined) options.groups.addOurs(pid);
  const stdout = collect(options.maxBytes ?? MAX_BYTES);
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => stdout.take(chunk));
  child.stderr
    .setEncoding("utf8")
    .on("data", (text: string) => (stderr = (stderr + text).slice(-STDERR_CHARS)));
  let cut: "timeout" | "aborted" | null = null;
  const done = new AbortController();
  void untilCut(options, done.signal).then((why) => {
    cut = why;
    if (why === null) return;
    if (pid !== undefined) options.groups.kill(pid);
    // Who left the group lives on, and may hold these open for ever.
    for (const output of [child.stdout, child.stderr]) output.destroy();
  });
  const { code, error } = await closed;
  done.abort();
  if (pid !== undefined) options.groups.kill(pid);
  if (error) return notStarted("not_started", error.message);
  return {
    code: cut ? null : code,
    ended: cut ?? "exit",
    stdout: stdout.bytes(),
    stderr,
    truncated: stdout.truncated(),
  };
}

/** Why the child must end before its time, or null when it ended by itself. */
export async function untilCut(
  limits: { clock: Clock; timeoutMs: number; signal: AbortSignal },
  done: AbortSignal,
): Promise<"timeout" | "aborted" | null> {
  await limits.clock.sleep(limits.timeoutMs, AbortSignal.any([limits.signal, done]));
  if (done.aborted) return null;
  return limits.signal.aborted ? "aborted" : "timeout";
}

function notStarted(ended: "aborted" | "not_started", stderr: string): ChildResult {
  return { code: null, ended, stdout: Buffer.alloc(0), stderr, truncated: false };
}

function collect(most: number): { take(chunk: Buffer): void; bytes(): Buffer; truncated(): boolean } {
  const chunks: Buffer[] = [];
  let size = 0;
  let cut = false;
  return {
    take(chunk) {
      const room = most - size;
      if (chunk.length > room) cut = true;
      if (room > 0) chunks.push(chunk.subarray(0, room));
      size += Math.min(chunk.length, Math.max(room, 0));
    },
    bytes: () => Buffer.concat(chunks),
    truncated: () => cut,
  };
}
