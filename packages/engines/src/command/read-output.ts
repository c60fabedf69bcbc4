import type { EngineEvent } from "@agency/core";
import { readTypedLine, TYPED_PREFIX } from "./read-typed-line.ts";
import type { AskLine } from "./read-typed-line.ts";
import { createLineSplitter } from "./split-lines.ts";
import type { Line } from "./split-lines.ts";

const MAX_LINE_BYTES = 64 * 1024;
/** An event of 64 KB, escaped as JSON, fits. */
const MAX_TYPED_BYTES = 256 * 1024;
/** Lines that come together are one event up to this size. */
const MAX_BATCH_BYTES = 16 * 1024;
const SHOWN_CHARS = 200;

type Stream = "stdout" | "stderr";
type Log = Extract<EngineEvent, { type: "log" }>;

/** Turns what a program writes into events: typed lines as they are, everything else as log. */
export interface OutputReader {
  read(chunk: Uint8Array): EngineEvent[];
  end(): EngineEvent[];
}

export interface Listeners {
  /** Told why a typed line was not taken; the line itself is then log like any other. */
  refused(why: string): EngineEvent[];
  /** Returns why it cannot be asked; undefined when it is. */
  ask(line: AskLine): string | undefined;
}

/**
 * A line longer than 64 KB comes in several log events, each but the last with `truncated: true`: the line goes on in
 * the next one.
 */
export function createOutputReader(stream: Stream, listeners: Listeners): OutputReader {
  const splitter = createLineSplitter({
    maxBytes: MAX_LINE_BYTES,
    prefix: TYPED_PREFIX,
    maxPrefixedBytes: MAX_TYPED_BYTES,
  });
  const toEvents = (lines: readonly Line[]): EngineEvent[] =>
    joinLogs(lines.flatMap((line) => lineEvents(stream, line, listeners)));
  return { read: (chunk) => toEvents(splitter.push(chunk)), end: () => toEvents(splitter.flush()) };
}

function lineEvents(stream: Stream, line: Line, listeners: Listeners): EngineEvent[] {
  const { text, isStart, goesOn } = line;
  const log: Log = { type: "log", data: { stream, text, ...(goesOn ? { truncated: true } : {}) } };
  if (!isStart || !text.startsWith(TYPED_PREFIX)) return [log];
  const typed = goesOn ? { refused: `it is longer than ${MAX_TYPED_BYTES / 1024} KB` } : readTypedLine(text);
  if ("event" in typed) return [typed.event];
  const refused = "ask" in typed ? listeners.ask(typed.ask) : typed.refused;
  if (refused === undefined) return [];
  return [...listeners.refused(`${refused}: ${text.slice(0, SHOWN_CHARS)}`), log];
}

/** Neighbours of the same stream become one event; pieces of a long line stay by themselves. */
function joinLogs(events: readonly EngineEvent[]): EngineEvent[] {
  const joined: EngineEvent[] = [];
  let batch: { stream: Log["data"]["stream"]; lines: string[]; bytes: number } | undefined;
  const flush = (): void => {
    if (batch !== undefined)
      joined.push({ type: "log", data: { stream: batch.stream, text: batch.lines.join("\n") } });
    batch = undefined;
  };
  for (const event of events) {
    const isWhole = event.type === "log" && event.data.truncated !== true;
    const bytes = isWhole ? Buffer.byteLength(event.data.text) + 1 : 0;
    if (
      !isWhole ||
      batch === undefined ||
      batch.stream !== event.data.stream ||
      batch.bytes + bytes > MAX_BATCH_BYTES
    )
      flush();
    if (!isWhole) {
      joined.push(event);
      continue;
    }
    batch ??= { stream: event.data.stream, lines: [], bytes: 0 };
    batch.lines.push(event.data.text);
    batch.bytes += bytes;
  }
  flush();
  return joined;
}
