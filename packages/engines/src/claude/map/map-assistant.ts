import type { Json } from "@agency/contract";
import type { EngineEvent } from "@agency/core";
import type { SDKAssistantMessage } from "@anthropic-ai/claude-agent-sdk";
import { inTurn, nothing, nowDoing } from "./mapping.ts";
import type { Mapped, Mapping } from "./mapping.ts";
import { blockId } from "./map-stream.ts";
import { toolKind, toolTitle } from "./tools.ts";

type Block = SDKAssistantMessage["message"]["content"][number];

/** One message a content block while a response streams; several share the response's id. */
export function mapAssistant(state: Mapping, message: SDKAssistantMessage): Mapped {
  const named = { messageId: messageIdOf(state, message), ...parentOf(message) };
  return inTurn(state, message.message.content, (before, block) => mapBlock(before, message, block, named));
}

interface Named {
  messageId: string;
  parentToolId?: string;
}

function mapBlock(state: Mapping, message: SDKAssistantMessage, block: Block, named: Named): Mapped {
  if (block.type === "text") return text(state, message, block.text, named);
  if (block.type === "thinking") {
    if (block.thinking === "") return nothing(state);
    return { state, events: [{ type: "thinking", data: { ...named, text: block.thinking } }] };
  }
  // A tool the API runs itself has its result in the same response; nothing here can fail or be stopped.
  if (block.type === "tool_use") return toolStart(state, message, block);
  return nothing(state);
}

/** An API error comes as a message of the engine's own; it is told as an error, with the result. */
function text(state: Mapping, message: SDKAssistantMessage, said: string, named: Named): Mapped {
  if (message.error !== undefined || said === "") return nothing(state);
  const isSynthetic = message.message.model === "<synthetic>";
  const data = { ...named, text: said, ...(isSynthetic ? { synthetic: true } : {}) };
  const next = named.parentToolId === undefined ? { ...state, lastText: said } : state;
  return { state: next, events: [{ type: "text", data }] };
}

function toolStart(
  state: Mapping,
  message: SDKAssistantMessage,
  { id, name, input }: { id: string; name: string; input: unknown },
): Mapped {
  const title = toolTitle(input, state.cwd);
  const event: EngineEvent = {
    type: "tool_start",
    data: {
      id,
      name,
      kind: toolKind(name),
      // The engine sends JSON; anything it could hold is JSON again.
      input: (input ?? null) as Json,
      ...(title === undefined ? {} : { title }),
      ...parentOf(message),
    },
  };
  const startedAt = timeOf(message.timestamp);
  const isSubagents = message.parent_tool_use_id !== null;
  const call = { name, input, isSubagents, startedAt, wasDenied: false };
  const begun = { ...state, calls: new Map(state.calls).set(id, call) };
  if (isSubagents) return { state: begun, events: [event] };
  const doing = nowDoing(begun, "tool", title ?? name);
  return { state: doing.state, events: [event, ...doing.events] };
}

/** Sub-agents are not streamed, and synthetic messages are no response: they have only the message's own id. */
function messageIdOf(state: Mapping, message: SDKAssistantMessage): string {
  const { streaming } = state;
  return streaming?.messageId === message.message.id
    ? blockId(streaming.messageId, streaming.block)
    : message.uuid;
}

function parentOf(message: SDKAssistantMessage): { parentToolId?: string } {
  return message.parent_tool_use_id === null ? {} : { parentToolId: message.parent_tool_use_id };
}

export function timeOf(timestamp: string | undefined): number | undefined {
  const at = Date.parse(timestamp ?? "");
  return Number.isNaN(at) ? undefined : at;
}
