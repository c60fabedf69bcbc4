import type { Json } from "@agency/contract";
import { NOTHING_BEFORE } from "./redact-piece.ts";
import type { Before } from "./redact-piece.ts";
import type { Redactor } from "./redactor.ts";

interface Event {
  type: string;
  data: { [key: string]: Json };
}

/**
 * Redacts the events of one log in order, also a secret that is spread over several events of one stream. The texts
 * must be clean already, or what is shown is not what was searched.
 */
export interface EventRedaction {
  redact(event: Event): Event;
  /** Goes on from here by itself: for events that may not be kept, and then come again. */
  fork(): EventRedaction;
}

/** Only streams that ended like the beginning of a secret are remembered; of more than this the oldest are forgotten. */
const MAX_STREAMS = 64;
const MAX_ID_CHARS = 200;

/** Which field tells the streams of a type apart. */
const STREAMS: Readonly<Record<string, string>> = {
  text_delta: "messageId",
  text: "messageId",
  thinking: "messageId",
  log: "stream",
};

interface Remembered {
  before: Before;
  joints: readonly string[];
}

export function createEventRedaction(redactor: Redactor): EventRedaction {
  return startFrom(redactor, new Map());
}

const SAME_LINE = [""];
/** Whoever joins log events puts a line's end between them, or does not. */
const NEXT_LINE = ["", "\n"];

function startFrom(redactor: Redactor, streams: Map<string, Remembered>): EventRedaction {
  const remember = (key: string, stream: Remembered): void => {
    streams.delete(key);
    if (stream.before.tails.length === 0) return;
    streams.set(key, stream);
    const [oldest] = streams.keys();
    if (streams.size > MAX_STREAMS && oldest !== undefined) streams.delete(oldest);
  };
  const redactStreamed = (key: string, { type, data }: Event, text: string): string => {
    const { before, joints } = streams.get(key) ?? { before: NOTHING_BEFORE, joints: SAME_LINE };
    const { shown, after } = redactor.piece(text, before, joints);
    if (after.tails.length > 0 || before.tails.length > 0) {
      const endsLine = type === "log" && data["truncated"] !== true;
      remember(key, { before: after, joints: endsLine ? NEXT_LINE : SAME_LINE });
    }
    return shown;
  };
  return {
    redact(event) {
      const key = streamOf(event);
      const data: Event["data"] = {};
      for (const name of Object.keys(event.data)) {
        const value = event.data[name] ?? null;
        const isStreamed = key !== undefined && name === "text" && typeof value === "string";
        data[redactor.redactText(name)] = isStreamed
          ? redactStreamed(key, event, value)
          : redactValue(redactor, value);
      }
      return { type: event.type, data };
    },
    fork: () => startFrom(redactor, new Map(streams)),
  };
}

function redactValue(redactor: Redactor, value: Json): Json {
  if (typeof value === "string") return redactor.redactText(value);
  return typeof value === "object" ? redactor.redactJson(value) : value;
}

function streamOf({ type, data }: Event): string | undefined {
  const field = Object.hasOwn(STREAMS, type) ? STREAMS[type] : undefined;
  const id = field === undefined ? undefined : data[field];
  return typeof id === "string" ? `${type} ${id.slice(0, MAX_ID_CHARS)}` : undefined;
}
