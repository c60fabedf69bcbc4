import type { Readable } from "node:stream";
import type { OutputStream } from "./output.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

export interface CliClock {
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Calls back again and again until the returned function is called. */
  every(ms: number, callback: () => void): () => void;
}

export interface ProcessInfo {
  command: string;
  startedAtMs: number;
}

interface StartedProcess {
  pid: number;
  /** Resolves when it ends, for as long as this process lives. */
  exited: Promise<void>;
}

export interface RunOptions {
  cwd: string;
  /** Beside the environment this program was started with. */
  env?: Variables;
  input?: string | Buffer;
  signal: AbortSignal;
}

export interface Ran {
  code: number;
  stdout: Buffer;
  stderr: string;
}

export interface Processes {
  /** Starts Node in a session of its own, with its output in a file, so that it outlives us. */
  startNode(args: string[], options: { env: Variables; cwd: string; logFile: string }): StartedProcess;
  /** Becomes Node with these arguments: same pid, same terminal. Does not return, except in tests. */
  becomeNode(args: string[], env: Variables): void;
  /** Runs a program to its end; null when there is no such program. */
  capture(command: string, args: string[]): Promise<{ code: number | null; output: string } | null>;
  /** As `capture`, for data: no time limit, output apart from what is said about it. */
  run(command: string, args: string[], options: RunOptions): Promise<Ran | null>;
  /** Runs a program on this terminal, such as an editor; resolves with its exit code, null when there is none. */
  attach(command: string, args: string[]): Promise<number | null>;
  /** Starts a program and forgets about it. */
  launch(command: string, args: string[]): void;
  /** False when the process is gone. Throws when it is somebody else's. */
  signal(pid: number, signal: "SIGTERM"): boolean;
  /** Null when there is no such process. */
  inspect(pid: number): Promise<ProcessInfo | null>;
}

/** Everything outside of the program, so that tests can run it in their own process. */
export interface World {
  env: Variables;
  cwd: string;
  /** -1 where the system has no user ids. */
  uid: number;
  userHome: string;
  tempDir: string;
  platform: string;
  nodeVersion: string;
  stdin: Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
  stdout: OutputStream;
  stderr: OutputStream;
  clock: CliClock;
  processes: Processes;
  /** Agency's own folder. */
  installRoot: string;
  serverEntry: string;
  version: string;
  /** Ctrl-C. Returns how to stop listening; with nobody listening it ends the process. */
  onInterrupt(listener: () => void): () => void;
}
