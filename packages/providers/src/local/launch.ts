import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { Readable } from "node:stream";
import type { Clock } from "@agency/core";
import { ProviderError } from "@agency/core";
import { READY } from "./profile.ts";

export interface Launch {
  readonly command: readonly string[];
  readonly consolePath: string;
  readonly statusPath: string;
  /** Files the chain reads, from descriptor FIRST_INPUT on. */
  readonly inputs: readonly string[];
  /** Descriptors of the server that must not come along. */
  readonly inherited: readonly number[];
}

/** 0 to 2 are the console, 3 the sign of life, 4 what bwrap reports. */
export const STATUS_FD = 4;
export const FIRST_INPUT_FD = 5;

/** A sandbox starts in some 20 ms; a machine that needs this long is not going to manage. */
const START_TIMEOUT_MS = 20_000;
/** After its last sign, until it has exited. */
const EXIT_TIMEOUT_MS = 1_000;
/** All that bwrap is started with: /proc/1/environ shows it inside, --clearenv or not. */
const CHAIN_ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

type Stdio = ("ignore" | "pipe" | number)[];
type Beginning = "ready" | "ended" | "aborted" | "late";

/**
 * Starts the chain in a session of its own and waits until the next thing to run is the runner.
 * Resolves to the first process's pid, or null when the chain ended before; nothing is killed here.
 */
export async function launch(plan: Launch, clock: Clock, signal: AbortSignal): Promise<number | null> {
  const files: number[] = [];
  // Synchronously: all of them were just written or are read each time, and a dozen trips through the
  // thread pool take longer than the whole of bwrap.
  const take = (path: string, flags: string): number => {
    const fd = openSync(path, flags, 0o600);
    files.push(fd);
    return fd;
  };
  try {
    const [nothing, console] = [take("/dev/null", "r"), take(plan.consolePath, "a")];
    const passed = [take(plan.statusPath, "w"), ...plan.inputs.map((path) => take(path, "r"))];
    const [program = "", ...args] = plan.command;
    const child = spawn(program, args, {
      cwd: "/",
      detached: true,
      env: CHAIN_ENVIRONMENT,
      stdio: cover([nothing, console, console, "pipe", ...passed], plan.inherited, nothing),
    });
    const beginning = await firstSign(child, clock, signal);
    // How it ended is written down before its last process exits.
    if (beginning === "ended") await untilExit(child, clock);
    child.unref();
    return decide(beginning, child);
  } finally {
    for (const fd of files) closeSync(fd);
  }
}

/** Node closes no descriptor for a child, but puts another in its place. */
function cover(stdio: Stdio, inherited: readonly number[], nothing: number): Stdio {
  const covered: Stdio = [...stdio];
  for (const fd of inherited.filter((fd) => fd >= stdio.length)) {
    while (covered.length < fd) covered.push("ignore");
    covered[fd] = nothing;
  }
  return covered;
}

function decide(beginning: Beginning, child: ChildProcess): number | null {
  if (beginning === "aborted") throw new ProviderError("transient", "starting the sandbox was called off");
  if (beginning === "late") {
    throw new ProviderError("transient", `the sandbox did not start within ${START_TIMEOUT_MS / 1000} s`);
  }
  return beginning === "ready" ? (child.pid ?? null) : null;
}

async function firstSign(child: ChildProcess, clock: Clock, signal: AbortSignal): Promise<Beginning> {
  const signs = child.stdio[3];
  const settled = new AbortController();
  try {
    return await new Promise<Beginning>((resolve, reject) => {
      child.once("error", (error) => {
        reject(
          new ProviderError("transient", `no process could be started: ${error.message}`, { cause: error }),
        );
      });
      // Not the child's exit: a runner that is done at once may be reaped before its sign is read.
      if (signs instanceof Readable) {
        signs.once("data", (said) => resolve(isReady(said) ? "ready" : "ended"));
        for (const over of ["end", "error"]) signs.once(over, () => resolve("ended"));
      }
      const over = AbortSignal.any([signal, settled.signal]);
      void clock.sleep(START_TIMEOUT_MS, over).then(() => resolve(signal.aborted ? "aborted" : "late"));
    });
  } finally {
    settled.abort();
    if (signs instanceof Readable) signs.destroy();
  }
}

async function untilExit(child: ChildProcess, clock: Clock): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const settled = new AbortController();
  await Promise.race([
    once(child, "exit", { signal: settled.signal }).catch(() => undefined),
    clock.sleep(EXIT_TIMEOUT_MS, settled.signal),
  ]);
  settled.abort();
}

function isReady(said: unknown): boolean {
  return Buffer.isBuffer(said) && said.toString("utf8").startsWith(READY);
}
