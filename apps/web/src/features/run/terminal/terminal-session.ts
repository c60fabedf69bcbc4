import {
  decodeTerminalJson,
  encodeTerminalFrame,
  encodeTerminalJson,
  MAX_TERMINAL_FRAME,
  TerminalFrameReader,
  terminalExitSchema,
} from "@agency/contract";
import type { TerminalFrame, TerminalSize } from "@agency/contract";

/** What of a WebSocket is used; a test gives its own. */
export interface Socket {
  binaryType: BinaryType;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: "open" | "close" | "message", listener: (event: { data?: unknown }) => void): void;
}

export interface TerminalEvents {
  size: () => TerminalSize;
  onOutput: (bytes: Uint8Array) => void;
  onEnd: (words: string) => void;
}

export interface TerminalSession {
  write(text: string): void;
  resize(size: TerminalSize): void;
  close(): void;
}

/** Of what is typed or pasted before the socket is open; more is not taken. */
const MOST_EARLY_BYTES = 1024 * 1024;

const LOST = "The connection is gone. What ran in the terminal was ended with it.";

/** A shell in the sandbox of a run, for as long as the socket is open. */
export function openTerminal(socket: Socket, events: TerminalEvents): TerminalSession {
  const reader = new TerminalFrameReader();
  const encoder = new TextEncoder();
  let state: "opening" | "open" | "ended" = "opening";
  const early: Uint8Array[] = [];
  const send = (bytes: Uint8Array) => state === "open" && socket.send(new Uint8Array(bytes));
  const sendInput = (bytes: Uint8Array) => {
    // Each frame is a message of its own: the server closes a socket that brings it a long one.
    for (let at = 0; at < bytes.length; at += MAX_TERMINAL_FRAME)
      send(encodeTerminalFrame("input", bytes.subarray(at, at + MAX_TERMINAL_FRAME)));
  };
  const write = (bytes: Uint8Array) => {
    if (state === "open") return sendInput(bytes);
    const held = early.reduce((sum, { length }) => sum + length, bytes.length);
    if (state === "opening" && held <= MOST_EARLY_BYTES) early.push(bytes);
  };
  const end = (words: string) => {
    if (state === "ended") return;
    state = "ended";
    events.onEnd(words);
    socket.close();
  };
  const take = (frame: TerminalFrame) => {
    if (frame.kind === "output" || frame.kind === "errorOutput") events.onOutput(frame.payload);
    else if (frame.kind === "exit") end(exitWords(frame));
    else if (frame.kind === "failed") end(failureWords(frame));
  };
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => {
    state = "open";
    send(encodeTerminalJson("open", { command: null, size: events.size() }));
    for (const bytes of early.splice(0)) sendInput(bytes);
  });
  socket.addEventListener("message", ({ data }) => {
    if (!(data instanceof ArrayBuffer)) return end(LOST);
    try {
      for (const frame of reader.push(new Uint8Array(data))) take(frame);
    } catch {
      end(LOST);
    }
  });
  socket.addEventListener("close", () => end(state === "opening" ? "It could not be opened." : LOST));
  return {
    write: (text) => write(encoder.encode(text)),
    resize: (size) => void send(encodeTerminalJson("resize", size)),
    close: () => end(""),
  };
}

function exitWords(frame: TerminalFrame): string {
  const exit = decodeTerminalJson(frame, terminalExitSchema);
  return exit === null || exit.code === 0 ? "The shell has ended." : `The shell ended with ${exit.code}.`;
}

function failureWords({ payload }: TerminalFrame): string {
  try {
    const told: unknown = JSON.parse(new TextDecoder().decode(payload));
    if (typeof told === "object" && told !== null && "message" in told) return String(told.message);
  } catch {
    // It is said in general words.
  }
  return "The sandbox could not open a terminal.";
}
