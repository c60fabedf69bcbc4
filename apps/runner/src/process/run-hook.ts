import { spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import type { Readable } from "node:stream";

import { untilCut } from "./run-child.ts";
import type { ChildOptions } from "./run-child.ts";

/**
 * Node's own pipes are socket pairs, on which `echo x > /dev/stderr` fails with ENXIO; the shell's are real.
 * The exit code comes by descriptor 3, which the hook does not get. What asks the group to end spares the reader, or
 * the last words of who puts things in order would be its end.
 */
const WITH_REAL_PIPE = `{ "$0" "$@" 2>&1 3>&-; echo $? >&3; } | { trap "" TERM; exec cat 3>&-; }`;
/** A service the hook left running may hold its output open: we stop reading this long after the hook's end. */
const OUTPUT_GRACE_MS = 500;

export interface HookResult {
  readonly code: number | null;
  readonly ended: "exit" | "timeout" | "aborted" | "not_started";
}

/** Runs a hook to its end. Services it started stay, until the runner itself goes. */
export async function runHook(
  path: string,
  options: Omit<ChildOptions, "maxBytes"> & {
    args?: readonly string[];
    onOutput: (text: string) => Promise<void>;
  },
): Promise<HookResult> {
  const child = spawn("/bin/sh", ["-c", WITH_REAL_PIPE, path, ...(options.args ?? [])], {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "inherit", "pipe"],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined)
    return new Promise((resolve) => child.once("error", () => resolve({ code: null, ended: "not_started" })));
  options.groups.add(pid);
  let cut: "timeout" | "aborted" | null = null;
  const over = new AbortController();
  void untilCut(options, over.signal).then((why) => {
    cut = why;
    if (why !== null) options.groups.kill(pid);
  });
  const output = child.stdout as Readable;
  const code = readCode(child.stdio[3] as Readable);
  void code.then(() => options.clock.sleep(OUTPUT_GRACE_MS, over.signal)).then(() => output.destroy());
  await passOn(output, options.onOutput);
  const exitCode = await code;
  over.abort();
  return { code: cut ? null : exitCode, ended: cut ?? "exit" };
}

/** Null when the shell was killed before it could say. */
function readCode(stream: Readable): Promise<number | null> {
  return new Promise((resolve) => {
    stream.once("data", (text: Buffer) => resolve(Number(text.toString())));
    stream.once("close", () => resolve(null));
    stream.on("error", () => resolve(null));
  });
}

async function passOn(stream: Readable, onOutput: (text: string) => Promise<void>): Promise<void> {
  const decoder = new StringDecoder("utf8");
  try {
    for await (const chunk of stream) await onOutput(decoder.write(chunk as Buffer));
  } catch {
    // Cut by us: what came before was passed on.
  }
}
