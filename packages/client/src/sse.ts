import { createParser } from "eventsource-parser";
import type { EventSourceMessage } from "eventsource-parser";
import { piecesOf } from "./pieces-of.ts";

/** An event is at most 64 KB; JSON escapes can make that six times longer. */
const MAX_BUFFERED_CHARS = 1024 * 1024;

/**
 * The messages of a server-sent event stream. `onAlive` hears every piece that arrives, heartbeats
 * included. Throws what reading throws, and when one message is too large to be one of ours.
 */
export async function* readMessages(
  response: Response,
  onAlive: () => void,
): AsyncGenerator<EventSourceMessage> {
  if (response.body === null) return;
  const ready: EventSourceMessage[] = [];
  let failure: Error | null = null;
  const parser = createParser({
    maxBufferSize: MAX_BUFFERED_CHARS,
    onEvent: (message) => ready.push(message),
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded") failure = error;
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of piecesOf(response.body)) {
    onAlive();
    parser.feed(decoder.decode(bytes, { stream: true }));
    yield* ready.splice(0);
    if (failure !== null) throw failure;
  }
}
