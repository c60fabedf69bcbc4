import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { OpenTerminal, TerminalSize } from "@agency/contract";
import { endMarked } from "./end-marked.ts";
import { terminalSizes } from "./terminal-sizes.ts";

const SHELL = "/bin/sh";
/** `bash` where there is one: /bin/sh has neither history nor completion. */
const INTERACTIVE = `exec "$(command -v bash || echo ${SHELL})" -i`;
const NOT_FOUND = 127;

export interface Inside {
  readonly input: Writable;
  readonly output: Readable;
  /** Null in a terminal: there both are one. */
  readonly errorOutput: Readable | null;
  resize(size: TerminalSize): void;
  /** Resolves with the exit code when everything was read. */
  readonly ended: Promise<number>;
  /** Nobody is there any more: it is told, and nothing of it stays. Resolves when nothing is left. */
  hangUp(): Promise<void>;
}

export interface InsideOptions {
  id: string;
  cwd: string;
  env: Readonly<Record<string, string>>;
  wanted: OpenTerminal;
}

/** What a person asked for, in the agent's environment. The mark finds its processes again, wherever they went. */
export function startInside({ id, cwd, env, wanted }: InsideOptions): Inside {
  const mark = `AGENCY_TERMINAL=${id}`;
  const { command, size } = wanted;
  const [file = SHELL, ...args] =
    size === null ? [SHELL, "-c", command ?? SHELL] : withTerminal(command, size);
  const child = spawn(file, args, {
    cwd,
    env: { ...env, TERM: "xterm-256color", AGENCY_TERMINAL: id },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    detached: true,
  });
  const place = child.stdio[3];
  const resize = size !== null && place ? terminalSizes(firstLine(place as Readable), env) : () => undefined;
  // A program that reads no input, or ends before all of it came, is no error.
  child.stdin.on("error", () => undefined);
  if (size !== null) child.stderr.resume();
  else place?.destroy();
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => resolve(NOT_FOUND));
    child.once("close", (code, signal) => resolve(code ?? exitOf(signal)));
  });
  return {
    input: child.stdin,
    output: child.stdout,
    errorOutput: size === null ? child.stderr : null,
    resize,
    ended,
    async hangUp() {
      await endMarked(mark);
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

/**
 * A terminal without native code: util-linux's `script` holds the master end and passes our pipes through. It takes
 * no size from a pipe, and turns echo off for one; descriptor 3 tells which terminal it became, once it has that size.
 */
function withTerminal(command: string | null, { columns, rows }: TerminalSize): string[] {
  const setUp = `stty sane rows ${rows} cols ${columns}; tty >&3; exec 3>&-`;
  const run = command === null ? INTERACTIVE : `exec ${SHELL} -c ${quoted(command)}`;
  return ["script", "-qefc", `${setUp}; ${run}`, "/dev/null"];
}

/** `script` itself holds the pipe as long as it lives: its end is no sign. */
async function firstLine(from: Readable): Promise<string> {
  const line = await once(createInterface({ input: from }), "line").catch(() => [""]);
  return String(line[0]).trim();
}

function quoted(words: string): string {
  return `'${words.replaceAll("'", "'\\''")}'`;
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGTERM: 15,
};

/** As shells say it. */
function exitOf(signal: NodeJS.Signals | null): number {
  return 128 + (SIGNALS[signal ?? ""] ?? 0);
}
