import type { Duplex, Readable } from "node:stream";
import {
  decodeTerminalJson,
  encodeTerminalFrame,
  encodeTerminalJson,
  openTerminalSchema,
  TerminalFrameReader,
  terminalSizeSchema,
} from "@agency/contract";
import type { OpenTerminal, TerminalFrame } from "@agency/contract";
import type { Inside } from "./start-inside.ts";

/** Carries one terminal from its first frame to the end of both sides. */
export async function serveTerminal(
  socket: Duplex,
  start: (wanted: OpenTerminal) => Inside,
  over: AbortSignal,
): Promise<void> {
  const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const stop = (): void => void socket.destroy();
  over.addEventListener("abort", stop, { once: true });
  if (over.aborted) stop();
  socket.on("error", () => undefined);
  let inside: Inside | null = null;
  try {
    const frames = readFrames(socket);
    const wanted = await firstFrame(frames);
    if (wanted === null) return;
    inside = start(wanted);
    void feed(frames, inside).catch(stop);
    const said = Promise.all([
      tell(socket, "output", inside.output),
      inside.errorOutput === null ? null : tell(socket, "errorOutput", inside.errorOutput),
    ]);
    const code = await Promise.race([inside.ended, gone.then(() => null)]);
    if (code === null) return;
    await Promise.race([said, gone]);
    socket.end(encodeTerminalJson("exit", { code }));
    await gone;
  } catch {
    // Bytes that are no frames: whoever sent them is cut off.
  } finally {
    over.removeEventListener("abort", stop);
    await inside?.hangUp();
    socket.destroy();
  }
}

async function* readFrames(socket: Duplex): AsyncGenerator<TerminalFrame> {
  const reader = new TerminalFrameReader();
  for await (const chunk of socket.iterator({ destroyOnReturn: false }))
    yield* reader.push(chunk as Uint8Array);
}

async function firstFrame(frames: AsyncGenerator<TerminalFrame>): Promise<OpenTerminal | null> {
  const first = await frames.next();
  if (first.done === true || first.value.kind !== "open") return null;
  return decodeTerminalJson(first.value, openTerminalSchema);
}

/** A program that does not read holds up the frames behind, and with them the person's own connection. */
async function feed(frames: AsyncGenerator<TerminalFrame>, inside: Inside): Promise<void> {
  for await (const frame of frames) {
    if (frame.kind === "input") await write(inside.input, frame.payload);
    else if (frame.kind === "inputEnd") inside.input.end();
    else if (frame.kind === "resize") {
      const size = decodeTerminalJson(frame, terminalSizeSchema);
      if (size !== null) inside.resize(size);
    }
  }
}

async function tell(socket: Duplex, kind: "output" | "errorOutput", from: Readable): Promise<void> {
  try {
    for await (const chunk of from) await write(socket, encodeTerminalFrame(kind, chunk as Uint8Array));
  } catch {
    // It was cut off together with the terminal.
  }
}

function write(to: Duplex | Inside["input"], bytes: Uint8Array): Promise<void> {
  if (to.destroyed || to.writableEnded) return Promise.resolve();
  if (to.write(bytes)) return Promise.resolve();
  return new Promise((resolve) => {
    const go = (): void => {
      to.off("drain", go);
      to.off("close", go);
      resolve();
    };
    to.once("drain", go);
    to.once("close", go);
  });
}
