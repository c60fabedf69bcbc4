import { z } from "zod";

/** The protocol an HTTP connection is upgraded to, between a person and the api as between the runner and the uplink. */
export const TERMINAL_PROTOCOL = "agency-terminal/1";
export const MAX_TERMINAL_FRAME = 64 * 1024;

export const terminalSizeSchema = z.object({
  columns: z.number().int().min(1).max(1000),
  rows: z.number().int().min(1).max(1000),
});
export type TerminalSize = z.infer<typeof terminalSizeSchema>;

/** The first frame a person sends: what is wanted. */
export const openTerminalSchema = z.strictObject({
  command: z.string().min(1).max(32_768).nullable().describe("For the shell; null: the shell itself."),
  /** Null: no terminal, but pipes: output and errors apart, byte for byte. */
  size: terminalSizeSchema.nullable(),
});
export type OpenTerminal = z.infer<typeof openTerminalSchema>;

/** In: to what runs inside. Out: from it. `failed` says why there is no exit code. */
export const TERMINAL_FRAMES = {
  open: 0,
  input: 1,
  inputEnd: 2,
  resize: 3,
  output: 4,
  errorOutput: 5,
  exit: 6,
  failed: 7,
} as const;
export type TerminalFrameKind = keyof typeof TERMINAL_FRAMES;
const KINDS = Object.keys(TERMINAL_FRAMES) as TerminalFrameKind[];

export interface TerminalFrame {
  readonly kind: TerminalFrameKind;
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 5;
const NOTHING = new Uint8Array(0);

/** One byte of kind, four of length, the payload. Longer payloads become several frames of the kind. */
export function encodeTerminalFrame(kind: TerminalFrameKind, payload: Uint8Array = NOTHING): Uint8Array {
  const frames = Math.max(1, Math.ceil(payload.length / MAX_TERMINAL_FRAME));
  const bytes = new Uint8Array(frames * HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let i = 0; i < frames; i += 1) {
    const part = payload.subarray(i * MAX_TERMINAL_FRAME, (i + 1) * MAX_TERMINAL_FRAME);
    view.setUint8(at, TERMINAL_FRAMES[kind]);
    view.setUint32(at + 1, part.length);
    bytes.set(part, at + HEADER_BYTES);
    at += HEADER_BYTES + part.length;
  }
  return bytes;
}

export function encodeTerminalJson(kind: TerminalFrameKind, value: unknown): Uint8Array {
  return encodeTerminalFrame(kind, new TextEncoder().encode(JSON.stringify(value)));
}

export function decodeTerminalJson<T>(
  { payload }: TerminalFrame,
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
): T | null {
  try {
    const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(payload)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export const terminalExitSchema = z.object({ code: z.number().int().min(0).max(255) });

export class TerminalProtocolError extends Error {
  override readonly name = "TerminalProtocolError";
}

/** Puts frames together from chunks of any size; holds at most one unfinished frame. */
export class TerminalFrameReader {
  #rest: Uint8Array = NOTHING;

  /** Throws TerminalProtocolError for what is not a frame; nothing can be read after that. */
  push(chunk: Uint8Array): TerminalFrame[] {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
    }
    const frames: TerminalFrame[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES);
      const kind = KINDS[view.getUint8(0)];
      const length = view.getUint32(1);
      if (kind === undefined || length > MAX_TERMINAL_FRAME)
        throw new TerminalProtocolError("What came is not a frame of a terminal.");
      if (bytes.length - at < HEADER_BYTES + length) break;
      frames.push({ kind, payload: bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length) });
      at += HEADER_BYTES + length;
    }
    this.#rest = bytes.slice(at);
    return frames;
  }
}
