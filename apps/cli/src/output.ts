import { once } from "node:events";
import type { Writable } from "node:stream";
import { createStyle, wantsColor } from "./render/style.ts";
import type { Style } from "./render/style.ts";

export interface OutputStream extends Writable {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/** The only place that writes. Data goes to stdout; what is said about it goes to stderr. */
export interface Output {
  /** People watch stdout: spinners, colours and questions make sense. */
  readonly terminal: boolean;
  /** Columns to fill; unlimited when a program reads. */
  readonly width: number;
  readonly style: Style;
  /** For what goes to stderr. */
  readonly noteStyle: Style;
  print(lines: readonly string[] | string): void;
  note(lines: readonly string[] | string): void;
  /** Data as it is, for a program to read; resolves when there is room for more. */
  raw(bytes: Uint8Array): Promise<void>;
  /** One document a line. */
  json(value: unknown): void;
  /** The line under everything printed, redrawn in place; null takes it away. No effect off a terminal. */
  live(line: string | null): void;
  /** Aborts when the reader of stdout is gone (`| head`). */
  readonly closed: AbortSignal;
}

export interface OutputSurroundings {
  stdout: OutputStream;
  stderr: OutputStream;
  env: Readonly<Record<string, string | undefined>>;
}

const ERASE_LINE = "\r\u001b[2K";

export function createOutput({ stdout, stderr, env }: OutputSurroundings): Output {
  const terminal = isTerminal(stdout, env);
  const closed = new AbortController();
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    closed.abort(error);
  });
  // Whoever closed stderr cannot be told about it.
  stderr.on("error", () => {});
  let live: string | null = null;

  const write = (stream: OutputStream, text: string) => {
    if (stream === stdout && closed.signal.aborted) return;
    const shared = live !== null && (stream === stdout || isTerminal(stream, env));
    stream.write(shared && live !== null ? `${ERASE_LINE}${text}${live}` : text);
  };
  const block = (lines: readonly string[] | string) =>
    (typeof lines === "string" ? [lines] : lines).map((line) => `${line}\n`).join("");

  return {
    terminal,
    get width() {
      return terminal ? widthOf(stdout, env) : Infinity;
    },
    style: createStyle(wantsColor(env, terminal)),
    noteStyle: createStyle(wantsColor(env, isTerminal(stderr, env))),
    print: (lines) => write(stdout, block(lines)),
    note: (lines) => write(stderr, block(lines)),
    raw: async (bytes) => {
      if (closed.signal.aborted || stdout.write(bytes)) return;
      // A reader that went away never drains.
      await once(stdout, "drain", { signal: closed.signal }).catch(() => {});
    },
    json: (value) => write(stdout, `${toJson(value)}\n`),
    live: (line) => {
      if (!terminal || closed.signal.aborted) return;
      const before = live;
      live = line;
      if (line !== null) stdout.write(`${ERASE_LINE}${line}`);
      else if (before !== null) stdout.write(ERASE_LINE);
    },
    closed: closed.signal,
  };
}

function isTerminal(stream: OutputStream, env: OutputSurroundings["env"]): boolean {
  return stream.isTTY === true && env.TERM !== "dumb";
}

function widthOf(stream: OutputStream, env: OutputSurroundings["env"]): number {
  const told = Number(env.COLUMNS);
  const width = stream.columns ?? (Number.isInteger(told) ? told : 0);
  return width >= 20 ? width : 80;
}

/** JSON leaves C1 and direction controls as they are; a terminal must not meet them there either. */
function toJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
