import type { Clock, EngineEvent } from "@agency/core";
import { characterEnd } from "./cap-text.ts";

const MAX_BYTES = 16 * 1024;
const MAX_MS = 100;

type Delta = Extract<EngineEvent, { type: "text_delta" }>;

export interface DeltaBatch {
  add(delta: Delta): void;
  /** Says at once what is held back; called before any other event, so that order is kept. */
  flush(): void;
}

/** Joins the model's words into few events: a streamed answer is hundreds of deltas of a few bytes. */
export function createDeltaBatch(clock: Clock, emit: (event: Delta) => void): DeltaBatch {
  let held: { messageId: string; text: string; bytes: number; timer: AbortController } | undefined;

  function flush(): void {
    if (held === undefined) return;
    const { messageId, text, timer } = held;
    held = undefined;
    timer.abort();
    for (const piece of pieces(text)) emit({ type: "text_delta", data: { messageId, text: piece } });
  }

  function hold(messageId: string): NonNullable<typeof held> {
    const started = { messageId, text: "", bytes: 0, timer: new AbortController() };
    const { signal } = started.timer;
    void clock.sleep(MAX_MS, signal).then(() => {
      if (!signal.aborted && held === started) flush();
    });
    return started;
  }

  return {
    add({ data }) {
      if (held !== undefined && held.messageId !== data.messageId) flush();
      held ??= hold(data.messageId);
      held.text += data.text;
      held.bytes += Buffer.byteLength(data.text);
      if (held.bytes >= MAX_BYTES) flush();
    },
    flush,
  };
}

function* pieces(text: string): Generator<string> {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length;) {
    const rest = bytes.subarray(from);
    const size = characterEnd(rest, MAX_BYTES);
    yield rest.subarray(0, size).toString("utf8");
    from += size;
  }
}
