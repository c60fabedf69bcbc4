import type { SDKPartialAssistantMessage } from "@anthropic-ai/claude-agent-sdk";
import { nothing, nowDoing, withStanding } from "./mapping.ts";
import type { Mapped, Mapping, Streaming } from "./mapping.ts";
import { countOf, fieldsOf } from "./read-value.ts";
import { countSaid, usageEvent } from "./usage-count.ts";

/** The streamed response of the main conversation: words as they come, and what the response used. */
export function mapStreamEvent(state: Mapping, message: SDKPartialAssistantMessage): Mapped {
  if (message.parent_tool_use_id !== null) return nothing(state);
  const { event } = message;
  switch (event.type) {
    case "message_start":
      return begun(state, event.message.id, event.message.model, event.message.usage);
    case "content_block_start":
      return blockBegun(state, event.index, event.content_block.type);
    case "content_block_delta":
      return event.delta.type === "text_delta" ? delta(state, event.delta.text) : nothing(state);
    case "message_delta":
      return nothing(ending(state, event.delta.stop_reason ?? undefined, event.usage));
    case "message_stop":
      return ended(state);
    default:
      return nothing(state);
  }
}

/** Names one block of one response: what is streamed and the whole text that follows carry the same name. */
export function blockId(messageId: string, block: number): string {
  return `${messageId}.${block}`;
}

function begun(state: Mapping, messageId: string, model: string, usage: unknown): Mapped {
  const streaming = { messageId, model, block: 0, stopReason: undefined, ...tokensOf(usage) };
  return nothing({ ...state, streaming });
}

function blockBegun(state: Mapping, block: number, type: string): Mapped {
  if (state.streaming === undefined) return nothing(state);
  const next = { ...state, streaming: { ...state.streaming, block } };
  if (type === "thinking" || type === "redacted_thinking") return nowDoing(next, "thinking");
  return type === "text" ? nowDoing(next, "responding") : nothing(next);
}

function delta(state: Mapping, text: string): Mapped {
  if (state.streaming === undefined || text === "") return nothing(state);
  const messageId = blockId(state.streaming.messageId, state.streaming.block);
  return { state, events: [{ type: "text_delta", data: { messageId, text } }] };
}

/** The closing usage is cumulative and may leave out what the opening one said. */
function ending(state: Mapping, stopReason: string | undefined, usage: unknown): Mapping {
  if (state.streaming === undefined) return state;
  const { streaming } = state;
  const last = tokensOf(usage);
  return {
    ...state,
    streaming: {
      ...streaming,
      stopReason,
      input: Math.max(streaming.input, last.input),
      output: Math.max(streaming.output, last.output),
      cacheRead: Math.max(streaming.cacheRead, last.cacheRead),
      cacheWrite: Math.max(streaming.cacheWrite, last.cacheWrite),
    },
  };
}

function ended(state: Mapping): Mapped {
  // A broken stream is closed too, but without a reason: it will be asked for again, and the engine's own count has it.
  if (state.streaming?.stopReason === undefined) return nothing(state);
  const { messageId, model, input, output, cacheRead, cacheWrite } = state.streaming;
  const tokens = { input, output, cacheRead, cacheWrite };
  const usage = countSaid(state.usage, model, tokens);
  const counted = withStanding({ ...state, usage }, { turns: state.standing.turns + 1 });
  return { state: counted, events: [usageEvent(messageId, model, tokens)] };
}

function tokensOf(usage: unknown): Pick<Streaming, "input" | "output" | "cacheRead" | "cacheWrite"> {
  const fields = fieldsOf(usage);
  return {
    input: countOf(fields["input_tokens"]),
    output: countOf(fields["output_tokens"]),
    cacheRead: countOf(fields["cache_read_input_tokens"]),
    cacheWrite: countOf(fields["cache_creation_input_tokens"]),
  };
}
