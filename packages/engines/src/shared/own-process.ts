import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { RunProcesses } from "./process-tree.ts";

export interface Exit {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

export interface OwnProcess extends RunProcesses {
  child: ChildProcessByStdio<Writable | null, Readable, Readable>;
  /** Resolves once, also when the program could not be started at all. */
  exited: Promise<Exit>;
  /** Why it could not be started. */
  spawnError(): Error | undefined;
}

export interface Program {
  command: string;
  args: readonly string[];
  cwd: string;
  /** Replaces the environment; a marker of this run is added to it. */
  env: Readonly<Record<string, string | undefined>>;
  stdin: "pipe" | "ignore";
}

const MARKER = "AGENCY_ENGINE_RUN";

/** Starts a program as the leader of its own process group, so that all of it can be ended later. */
export function startOwnProcess({ command, args, cwd, env, stdin }: Program): OwnProcess {
  const run = randomUUID();
  const child = spawn(command, args, {
    cwd,
    env: { ...env, [MARKER]: run },
    stdio: [stdin, "pipe", "pipe"],
    detached: true,
  }) as OwnProcess["child"];
  let exit: Exit | undefined;
  let failure: Error | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve((exit = { exitCode, signal })));
    child.once("error", (error) => {
      failure = error;
      // An error of a running program (a signal that could not be sent) is no exit.
      if (child.pid === undefined) resolve((exit = { exitCode: null, signal: null }));
    });
  });
  // A program that ends without reading its input breaks the pipe; its exit tells what happened.
  child.stdin?.on("error", () => undefined);
  return {
    child,
    exited,
    spawnError: () => (child.pid === undefined ? failure : undefined),
    pid: child.pid,
    hasExited: () => exit !== undefined,
    marker: `${MARKER}=${run}`,
  };
}
