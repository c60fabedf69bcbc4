const PREFIX = 4;
/** The longest line git writes, its length included. */
const MAX_LINE = 65_520;

/** `bytes` counts the length in front too. */
export type PktRead =
  | { readonly state: "line"; readonly line: Buffer; readonly bytes: number }
  | { readonly state: "flush"; readonly bytes: number }
  | { readonly state: "more" }
  | { readonly state: "bad" };

export function readPktLine(data: Buffer, at: number): PktRead {
  if (data.length < at + PREFIX) return { state: "more" };
  const prefix = data.toString("latin1", at, at + PREFIX);
  if (!/^[0-9a-f]{4}$/i.test(prefix)) return { state: "bad" };
  const bytes = Number.parseInt(prefix, 16);
  if (bytes === 0) return { state: "flush", bytes: PREFIX };
  if (bytes <= PREFIX || bytes > MAX_LINE) return { state: "bad" };
  if (data.length < at + bytes) return { state: "more" };
  return { state: "line", line: data.subarray(at + PREFIX, at + bytes), bytes };
}

export function pktLine(content: string | Buffer): Buffer {
  const body = Buffer.from(content);
  return Buffer.concat([Buffer.from((body.length + PREFIX).toString(16).padStart(PREFIX, "0")), body]);
}

export const FLUSH = Buffer.from("0000");
