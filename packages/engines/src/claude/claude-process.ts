import { Readable } from "node:stream";
import type { SpawnOptions, SpawnedProcess } from "@anthropic-ai/claude-agent-sdk";
import { startOwnProcess } from "../shared/own-process.ts";
import type { OwnProcess } from "../shared/own-process.ts";
import { createTextTail } from "../shared/text-tail.ts";

const KEPT_STDERR_BYTES = 64 * 1024;

export interface ClaudeProcess extends OwnProcess {
  /** What the SDK talks to. */
  spawned: SpawnedProcess;
  stderr(): string;
}

/** The engine's process under our own hand. Its output waits while the reader of the run is behind. */
export function startClaudeProcess(
  { command, args, cwd, env }: SpawnOptions,
  room: () => Promise<void>,
): ClaudeProcess {
  const own = startOwnProcess({ command, args, cwd: cwd ?? process.cwd(), env, stdin: "pipe" });
  const { child } = own;
  const tail = createTextTail(KEPT_STDERR_BYTES);
  child.stderr.on("data", (chunk: Buffer) => tail.add(chunk));
  if (child.stdin === null) throw new Error("The engine was started without a standard input.");
  const { stdin } = child;
  return {
    ...own,
    stderr: () => tail.text(),
    spawned: spawnedProcess(own, stdin, Readable.from(paced(child.stdout, room), { objectMode: false })),
  };
}

async function* paced(stream: AsyncIterable<Buffer>, room: () => Promise<void>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    await room();
    yield chunk;
  }
}

/** Each event has a listener of its own shape; the child passes on whatever belongs to the event. */
type Listener = (...args: never[]) => void;
type AnyListener = (...args: unknown[]) => void;

function spawnedProcess(
  { child }: OwnProcess,
  stdin: SpawnedProcess["stdin"],
  stdout: SpawnedProcess["stdout"],
): SpawnedProcess {
  return {
    stdin,
    stdout,
    get killed() {
      return child.killed;
    },
    get exitCode() {
      return child.exitCode;
    },
    get signalCode() {
      return child.signalCode;
    },
    kill: (signal) => child.kill(signal),
    on: (event: "exit" | "error", listener: Listener) => void child.on(event, listener as AnyListener),
    once: (event: "exit" | "error", listener: Listener) => void child.once(event, listener as AnyListener),
    off: (event: "exit" | "error", listener: Listener) => void child.off(event, listener as AnyListener),
  };
}
