import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

export interface GitRun {
  readonly ok: boolean;
  readonly stdout: string;
  /** The end of what it complained about. */
  readonly stderr: string;
}

export interface GitCall {
  /** A bare repository of ours. */
  readonly repository: string;
  readonly settings?: readonly (readonly [key: string, value: string])[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What it reads on standard input; without, there is none. */
  readonly input?: string;
}

/** A delta may claim any size: git takes that much memory, on the machine of the server. */
const MEMORY_BYTES = 1024 ** 3;
const KEPT_CHARS = 64 * 1024;

/**
 * The server's git sees repositories of strangers: it has no home and no configuration but this, never makes a work
 * tree, runs no hook, goes nowhere but where it is sent and takes objects only after a look at each.
 */
const INERT = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.bigFileThreshold", "32m"],
  // Packs are read by the sandboxes' own users, whatever our umask says.
  ["core.sharedRepository", "0644"],
  ["credential.helper", ""],
  ["fetch.parallel", "1"],
  ["fetch.recurseSubmodules", "false"],
  ["fetch.unpackLimit", "1"],
  ["fetch.uriProtocols", ""],
  ["fetch.writeCommitGraph", "false"],
  // Harmless mistakes of old programs that are in the history of many a well-known repository.
  ["fetch.fsck.badTimezone", "ignore"],
  ["fetch.fsck.missingSpaceBeforeDate", "ignore"],
  ["fetch.fsck.zeroPaddedFilemode", "ignore"],
  ["gc.auto", "0"],
  ["http.followRedirects", "false"],
  ["http.lowSpeedLimit", "1"],
  ["http.lowSpeedTime", "120"],
  ["http.proxy", ""],
  ["maintenance.auto", "false"],
  ["pack.threads", "1"],
  ["pack.windowMemory", "64m"],
  ["submodule.recurse", "false"],
  ["transfer.bundleURI", "false"],
  ["transfer.fsckObjects", "true"],
] as const;

export async function runGit(args: readonly string[], call: GitCall): Promise<GitRun> {
  const limited = limitOf(call);
  if (limited.aborted) return { ok: false, stdout: "", stderr: "called off" };
  const { child, closed } = startGit(args, call, limited);
  let stdout = "";
  child.stdout
    .setEncoding("utf8")
    .on("data", (text: string) => (stdout = (stdout + text).slice(-KEPT_CHARS)));
  return { ...(await closed), stdout };
}

/** What git prints, as bytes and no faster than they are read. Throws when it ends badly. */
export async function* readGit(args: readonly string[], call: GitCall): AsyncGenerator<Uint8Array> {
  const limited = limitOf(call);
  limited.throwIfAborted();
  const { child, closed, stop } = startGit(args, call, limited);
  try {
    yield* child.stdout;
    const { ok, stderr } = await closed;
    if (!ok) throw new Error(`git ended badly: ${stderr}`);
  } finally {
    stop();
  }
}

function limitOf({ signal, timeoutMs }: GitCall): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
}

interface StartedGit {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly closed: Promise<Pick<GitRun, "ok" | "stderr">>;
  readonly stop: () => void;
}

function startGit(args: readonly string[], call: GitCall, limited: AbortSignal): StartedGit {
  const bounds = [`--data=${MEMORY_BYTES}`, "--core=0"];
  const child = spawn("prlimit", [...bounds, "--", "git", ...args], {
    cwd: "/",
    env: environment(call),
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  // It may end without having read it all.
  child.stdin.on("error", () => undefined).end(call.input);
  let isOver = false;
  // Its helpers are in its group: the one that receives would otherwise go on.
  const stop = (): void => void (!isOver && child.pid !== undefined && killGroup(child.pid));
  limited.addEventListener("abort", stop, { once: true });
  let stderr = "";
  child.stderr
    .setEncoding("utf8")
    .on("data", (text: string) => (stderr = (stderr + text).slice(-KEPT_CHARS)));
  const closed = new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      stderr += error.message;
      resolve(null);
    });
    child.once("close", resolve);
  }).then((code) => {
    isOver = true;
    limited.removeEventListener("abort", stop);
    return { ok: code === 0, stderr: stderr.trim() };
  });
  return { child, closed, stop };
}

/** Settings travel in the environment: a command line can be read by every user of the machine. */
function environment({ repository, settings = [] }: GitCall): Record<string, string> {
  const all = [...INERT, ...settings];
  const env: Record<string, string> = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: join(repository, "no-home"),
    LC_ALL: "C",
    GIT_DIR: repository,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "/bin/false",
    GIT_ALLOW_PROTOCOL: "http",
    GIT_CONFIG_COUNT: String(all.length),
  };
  for (const [index, [key, value]] of all.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}
