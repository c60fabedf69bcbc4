/** Events of a streamed message, as the vendor writes them. */
export function sse(...events: { type: string }[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

export const USAGE = {
  input_tokens: 3003,
  cache_creation_input_tokens: 600,
  cache_read_input_tokens: 15_000,
};

export function messageStart(id = "msg_1", usage: object = USAGE, model = "claude-sonnet-4-5-20250929") {
  return {
    type: "message_start",
    message: {
      id,
      type: "message",
      role: "assistant",
      model,
      content: [],
      usage: { ...usage, output_tokens: 1 },
    },
  };
}

export function textDelta(text: string) {
  return { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } };
}

export function messageDelta(usage: object = { output_tokens: 303 }, stop: string | null = "end_turn") {
  return { type: "message_delta", delta: { stop_reason: stop, stop_sequence: null }, usage };
}

export const messageStop = { type: "message_stop" };

export function wholeMessage(text = "Hello, world.") {
  return sse(messageStart(), { type: "ping" }, textDelta(text), messageDelta(), messageStop);
}
