import type { ModelUsage } from "@agency/core";
import { CHARS_PER_TOKEN, countOf, isName, isRecord, parseJson } from "../call-meter.ts";
import type { CallMeter } from "../call-meter.ts";
import { createSseData } from "../sse-data.ts";

/** What one kind of answer says of itself. */
export interface AnswerReader {
  /** The finished answer, or a piece of one that is streamed. */
  read(into: AnswerSeen, piece: Record<string, unknown>): void;
  readWhole(into: AnswerSeen, answer: Record<string, unknown>): void;
}

/** What has been seen of one answer. */
export interface AnswerSeen {
  model: string | null;
  /** Null until the vendor has counted; some servers never do. */
  usage: ModelUsage | null;
  /** Characters of content that passed: all there is to go by when nobody counted. */
  chars: number;
  /** Something of an answer was there: the input was read, and costs. */
  begun: boolean;
  ended: boolean;
}

/** JSON has about as many bytes to a token as the text in it. */
const BYTES_PER_TOKEN = 4;

/** Counts what an answer uses, by the vendor's own count or else by what was sent and what passed. */
export function createAnswerMeter(reader: AnswerReader, inputBytes: number): CallMeter {
  const lines = createSseData();
  const seen: AnswerSeen = { model: null, usage: null, chars: 0, begun: false, ended: false };

  return {
    get complete() {
      return seen.ended;
    },
    push(chunk) {
      for (const line of lines.push(chunk)) {
        // Ends a chat, counted or not; it is nobody's JSON.
        if (line === "[DONE]") seen.ended = true;
        const piece = parseJson(line);
        if (!isRecord(piece)) continue;
        seen.begun = true;
        reader.read(seen, piece);
      }
    },
    read(answer) {
      if (!isRecord(answer)) return;
      seen.begun = true;
      reader.readWhole(seen, answer);
      seen.ended = true;
    },
    shares({ key, model }) {
      // Not the answer's own id: servers that are not the vendor's repeat theirs, and a key counts only once.
      return [{ key, model: seen.model ?? model, usage: seen.usage ?? assumed(seen, inputBytes) }];
    },
  };
}

function assumed(seen: AnswerSeen, inputBytes: number): ModelUsage {
  const input = seen.begun ? Math.ceil(inputBytes / BYTES_PER_TOKEN) : 0;
  return { input, output: Math.ceil(seen.chars / CHARS_PER_TOKEN), cacheRead: 0, cacheWrite: 0 };
}

/** Names of the two APIs for the same counts. */
export interface UsageNames {
  readonly input: string;
  readonly output: string;
  readonly inputDetails: string;
}

export function readUsage(into: AnswerSeen, raw: unknown, names: UsageNames): void {
  if (!isRecord(raw)) return;
  const details = raw[names.inputDetails];
  const cached = isRecord(details) ? countOf(details["cached_tokens"]) : 0;
  const written = isRecord(details) ? countOf(details["cache_write_tokens"]) : 0;
  const all = countOf(raw[names.input]);
  const cacheRead = Math.min(cached, all);
  const cacheWrite = Math.min(written, all - cacheRead);
  const input = all - cacheRead - cacheWrite;
  into.usage = { input, output: countOf(raw[names.output]), cacheRead, cacheWrite };
}

/** The dearer tier is told from the answer: asked for or not, it is what is billed. */
export function readTier(into: AnswerSeen, tier: unknown): void {
  if (into.usage !== null && (tier === "priority" || tier === "fast")) into.usage.fast = true;
}

export function readModel(into: AnswerSeen, model: unknown): void {
  if (isName(model)) into.model = model;
}

/** Characters in everything the model wrote, under whatever name. */
export function charsIn(value: unknown): number {
  if (typeof value === "string") return value.length;
  let chars = 0;
  if (Array.isArray(value)) for (const item of value) chars += charsIn(item);
  else if (isRecord(value))
    for (const [name, part] of Object.entries(value))
      if (name !== "type" && name !== "id" && name !== "role") chars += charsIn(part);
  return chars;
}
