import { randomUUID } from "node:crypto";
import type { UUID } from "node:crypto";
import type { UserInput } from "@agency/core";
import type { SDKUserMessage } from "@anthropic-ai/claude-agent-sdk";

/** The engine's standard input: messages go in while it runs, and closing it ends the engine when it is idle. */
export interface Inputs {
  readonly stream: AsyncIterable<SDKUserMessage>;
  push(message: SDKUserMessage): void;
  close(): void;
}

export function createInputs(): Inputs {
  const waiting: SDKUserMessage[] = [];
  let isClosed = false;
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  async function* stream(): AsyncGenerator<SDKUserMessage> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (isClosed) return;
      else await changed.promise;
    }
  }
  return {
    stream: stream(),
    push(message) {
      waiting.push(message);
      wake();
    },
    close() {
      isClosed = true;
      wake();
    },
  };
}

/** The uuid comes back on the result of the turn that took the message up. */
export function toMessage({ text }: UserInput): SDKUserMessage & { uuid: UUID } {
  return {
    type: "user",
    message: { role: "user", content: text },
    parent_tool_use_id: null,
    uuid: randomUUID(),
    // Taken up between two tool calls of a running turn. "now" would abort the turn.
    priority: "next",
    // A prompt is text. Without this "/compact" would run a command of the engine and never reach the model.
    ...(text.trimStart().startsWith("/") ? { client_composed: true as const } : {}),
  };
}
