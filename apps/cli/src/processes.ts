import { execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { flushCompileCache } from "node:module";
import { buffer } from "node:stream/consumers";
import type { ProcessInfo, Processes, Ran, RunOptions, Variables } from "./world.ts";

export const processes: Processes = {
  startNode(args, { env, cwd, logFile }) {
    const log = openSync(logFile, "a", 0o600);
    try {
      const child = spawn(process.execPath, args, {
        detached: true,
        stdio: ["ignore", log, log],
        env: { ...env },
        cwd,
      });
      const exited = new Promise<void>((resolve) => {
        child.once("exit", () => resolve());
        child.once("error", () => resolve());
      });
      child.unref();
      return { pid: child.pid ?? 0, exited };
    } finally {
      closeSync(log);
    }
  },

  becomeNode(args, env) {
    if (process.execve === undefined) throw new Error("This system cannot replace a process.");
    flushCompileCache();
    process.execve(process.execPath, [process.execPath, ...args], defined(env));
  },

  capture: (command, args) =>
    new Promise((resolve, reject) => {
      execFile(command, args, { timeout: 10_000 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (code === "ENOENT") resolve(null);
        else if (typeof code === "string") reject(error);
        else resolve({ code: code ?? null, output: `${stdout}${stderr}`.trim() });
      });
    }),

  run: runToEnd,

  attach: (command, args) =>
    new Promise((resolve) => {
      const child = spawn(command, args, { stdio: "inherit" });
      child.once("error", () => resolve(null));
      child.once("exit", (code) => resolve(code ?? 1));
    }),

  launch(command, args) {
    const child = spawn(command, args, { detached: true, stdio: "ignore" });
    // A desktop without an opener: the address was printed, so nothing is lost.
    child.once("error", () => {});
    child.unref();
  },

  signal(pid, signal) {
    try {
      return process.kill(pid, signal);
    } catch (error) {
      if (isSystemError(error) && error.code === "ESRCH") return false;
      throw error;
    }
  },

  inspect: (pid) => (process.platform === "linux" ? inspectProc(pid) : inspectPs(pid)),
};

async function runToEnd(
  command: string,
  args: string[],
  { cwd, env = {}, input, signal }: RunOptions,
): Promise<Ran | null> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, signal, stdio: "pipe" });
  const collected = Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  // A program that does not want its input closes it.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    const [stdout, stderr] = await collected;
    return { code: code ?? 1, stdout, stderr: stderr.toString().trim() };
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") return null;
    throw error;
  }
}

function defined(env: Variables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Linux counts process starts in hundredths of a second since boot, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100;

async function inspectProc(pid: number): Promise<ProcessInfo | null> {
  try {
    const [command, stat, system] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/stat", "utf8"),
    ]);
    // The name in field 2 may hold anything, so fields are counted from its closing bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return null;
    const bootedAtS = Number(/^btime (\d+)$/m.exec(system)?.[1]);
    const startedAtMs = (bootedAtS + Number(fields[19]) / TICKS_PER_SECOND) * 1000;
    return { command: command.split("\0").join(" ").trim(), startedAtMs };
  } catch (error) {
    if (isSystemError(error) && (error.code === "ENOENT" || error.code === "ESRCH")) return null;
    throw error;
  }
}

async function inspectPs(pid: number): Promise<ProcessInfo | null> {
  const found = await processes.capture("ps", ["-o", "lstart=,command=", "-p", String(pid)]);
  const line = /^(\w+ +\w+ +\d+ [\d:]+ \d+) +(.*)$/.exec(found?.output ?? "");
  if (line?.[1] === undefined || line[2] === undefined) return null;
  return { command: line[2], startedAtMs: Date.parse(line[1]) };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error;
}
