import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { mapAssistant } from "./map-assistant.ts";
import { nothing, nowDoing } from "./mapping.ts";
import type { Mapped, Mapping } from "./mapping.ts";
import { mapResult } from "./map-result.ts";
import { mapStreamEvent } from "./map-stream.ts";
import { mapSystem } from "./map-system.ts";
import { mapUser } from "./map-tool-results.ts";
import { unknownKind } from "./unknown-kind.ts";

type MessageOf<T extends SDKMessage["type"]> = Extract<SDKMessage, { type: T }>;

/** One message of the engine in our words. Pure: the same messages always give the same events. */
export function mapMessage(state: Mapping, message: SDKMessage): Mapped {
  switch (message.type) {
    case "system":
      return mapSystem(state, message);
    case "stream_event":
      return mapStreamEvent(state, message);
    case "assistant":
      return mapAssistant(withApiError(state, message), message);
    case "user":
      return mapUser(state, message);
    case "result": {
      const mapped = mapResult(state, message, state.apiError);
      return { ...mapped, state: { ...mapped.state, apiError: undefined } };
    }
    case "tool_progress":
      return nowDoing(state, "tool", `${message.tool_name}, ${Math.round(message.elapsed_time_seconds)} s`);
    case "rate_limit_event":
      return mapRateLimit(state, message);
    case "conversation_reset":
      return warning(state, "The engine began its conversation anew.");
    default:
      return SILENT.has(message.type) ? nothing(state) : unknownKind(state, message.type);
  }
}

/** `command_lifecycle` is not in the published type: it tells when an input is queued, begun and done. */
const SILENT: ReadonlySet<string> = new Set([
  "auth_status",
  "command_lifecycle",
  "prompt_suggestion",
  "tool_use_summary",
]);

function withApiError(state: Mapping, message: MessageOf<"assistant">): Mapping {
  return message.error === undefined || message.parent_tool_use_id !== null
    ? state
    : { ...state, apiError: message.error };
}

function mapRateLimit(state: Mapping, { rate_limit_info: info }: MessageOf<"rate_limit_event">): Mapped {
  if (info.status === "allowed") return nothing(state);
  const which = info.rateLimitType?.replaceAll("_", " ") ?? "usage";
  const what = info.status === "rejected" ? "is reached" : "is near";
  const resets =
    info.resetsAt === undefined ? "" : `; it resets at ${new Date(info.resetsAt * 1000).toISOString()}`;
  return warning(state, `The ${which} limit of the model account ${what}${resets}.`);
}

function warning(state: Mapping, text: string): Mapped {
  return { state, events: [{ type: "notice", data: { level: "warn", text } }] };
}
