import type { Duplex, Readable, Writable } from "node:stream";
import {
  AgencyError,
  decodeTerminalJson,
  encodeTerminalFrame,
  encodeTerminalJson,
  TerminalFrameReader,
  terminalExitSchema,
} from "@agency/contract";
import type { OpenTerminal, TerminalFrame, TerminalSize } from "@agency/contract";
import { HarmlessOutput } from "./harmless.ts";

type NearOutput = Writable & { readonly isTTY?: boolean };

export interface Near {
  input: Readable;
  output: NearOutput;
  errorOutput: NearOutput;
  /** Null: pipes. */
  size: TerminalSize | null;
  /** Called with each new size, until the returned function is. */
  onResize(listener: (size: TerminalSize) => void): () => void;
}

/** Joins what is near to a terminal that is far, until it ends: its exit code. */
export async function attachTerminal(socket: Duplex, near: Near, command: string | null): Promise<number> {
  const wanted: OpenTerminal = { command, size: near.size };
  socket.write(encodeTerminalJson("open", wanted));
  const stopResizing = near.onResize((size) => socket.write(encodeTerminalJson("resize", size)));
  const over = new AbortController();
  socket.on("error", () => undefined);
  void send(near.input, socket, over.signal);
  try {
    return await show(socket, near);
  } finally {
    over.abort();
    stopResizing();
    near.input.pause();
    socket.destroy();
  }
}

/** As fast as the other side takes it. */
async function send(input: Readable, socket: Duplex, over: AbortSignal): Promise<void> {
  const stop = (): void => void input.off("data", take);
  const take = (chunk: Uint8Array | string): void => {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    if (socket.destroyed || socket.write(encodeTerminalFrame("input", bytes))) return;
    input.pause();
    socket.once("drain", () => over.aborted || input.resume());
  };
  over.addEventListener("abort", stop, { once: true });
  input.once("end", () => {
    if (!over.aborted && !socket.destroyed) socket.write(encodeTerminalFrame("inputEnd"));
  });
  input.on("data", take);
}

async function show(socket: Duplex, near: Near): Promise<number> {
  const reader = new TerminalFrameReader();
  const [output, errorOutput] = [shownOn(near.output), shownOn(near.errorOutput)];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    for (const frame of reader.push(chunk as Uint8Array)) {
      if (frame.kind === "exit") return exitCodeOf(frame);
      if (frame.kind === "failed") throw new AgencyError("unavailable", messageOf(frame));
      if (frame.kind === "errorOutput") await errorOutput(frame.payload);
      else if (frame.kind === "output") await output(frame.payload);
    }
  }
  throw new AgencyError("unavailable", "The connection to the sandbox ended; what ran in it was hung up.", {
    next: "The task may be over: see it with `agency show`.",
  });
}

/** A file or another program gets the bytes as they are. */
function shownOn(to: NearOutput): (bytes: Uint8Array) => Promise<void> {
  if (to.isTTY !== true) return (bytes) => write(to, bytes);
  const harmless = new HarmlessOutput();
  return (bytes) => write(to, harmless.push(bytes));
}

function exitCodeOf(frame: TerminalFrame): number {
  return decodeTerminalJson(frame, terminalExitSchema)?.code ?? 255;
}

/** Of our own server. */
function messageOf({ payload }: TerminalFrame): string {
  try {
    const said: unknown = JSON.parse(new TextDecoder().decode(payload));
    if (typeof said === "object" && said !== null && "message" in said) return String(said.message);
  } catch {
    // Not understood.
  }
  return "The terminal could not be opened.";
}

function write(to: Writable, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0 || to.destroyed || to.write(bytes)) return Promise.resolve();
  return new Promise((resolve) => {
    to.once("drain", resolve);
    to.once("close", resolve);
  });
}
