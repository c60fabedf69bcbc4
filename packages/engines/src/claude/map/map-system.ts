import type { EngineEvent } from "@agency/core";
import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { classify } from "./classify-error.ts";
import { nothing, nowDoing, withStanding } from "./mapping.ts";
import type { Mapped, Mapping } from "./mapping.ts";
import { mapBackgroundTasks, mapTaskEnded, mapTaskStarted, mapTaskUpdated } from "./map-side-task.ts";
import { mapInit } from "./map-session.ts";
import { unknownKind } from "./unknown-kind.ts";

type System = Extract<SDKMessage, { type: "system" }>;
type SystemOf<S extends System["subtype"]> = Extract<System, { subtype: S }>;

export function mapSystem(state: Mapping, message: System): Mapped {
  switch (message.subtype) {
    case "init":
      return mapInit(state, message);
    case "status":
      return mapStatus(state, message);
    case "session_state_changed":
      return mapSessionState(state, message);
    case "api_retry":
      return mapRetry(state, message);
    case "task_started":
      return mapTaskStarted(state, message);
    case "task_updated":
      return mapTaskUpdated(state, message);
    case "task_notification":
      return mapTaskEnded(state, message);
    case "background_tasks_changed":
      return mapBackgroundTasks(state, message);
    case "permission_denied":
      return mapDenied(state, message);
    default:
      return mapRemark(state, message);
  }
}

/** What is worth a line to a person; the rest is housekeeping of the engine. */
function mapRemark(state: Mapping, message: System): Mapped {
  switch (message.subtype) {
    case "compact_boundary":
      return remark(state, "info", compacted(message));
    case "informational":
      return remark(state, message.level === "warning" ? "warn" : "info", message.content);
    case "model_refusal_fallback":
    case "model_refusal_no_fallback":
      return remark(state, "warn", message.content);
    case "local_command_output":
      return remark(state, "info", message.content);
    case "session_writes_lost":
      return { state, events: [writesLost(message)] };
    default:
      return SILENT.has(message.subtype) ? nothing(state) : unknownKind(state, `system/${message.subtype}`);
  }
}

const SILENT: ReadonlySet<string> = new Set([
  "commands_changed",
  "control_request_progress",
  "elicitation_complete",
  "files_persisted",
  "hook_progress",
  "hook_response",
  "hook_started",
  "memory_recall",
  "mirror_error",
  "notification",
  "plugin_install",
  "task_progress",
  "thinking_tokens",
  "worker_shutting_down",
] satisfies System["subtype"][]);

function mapStatus(state: Mapping, message: SystemOf<"status">): Mapped {
  if (message.status === "compacting") return nowDoing(state, "compacting");
  return message.status === "requesting" ? nowDoing(state, "requesting") : nothing(state);
}

function mapSessionState(state: Mapping, message: SystemOf<"session_state_changed">): Mapped {
  const isIdle = message.state === "idle";
  const next = withStanding(state, { isIdle });
  if (message.state === "requires_action") return nowDoing(next, "waiting_user");
  if (!isIdle || next.standing.isTurnOpen) return nothing(next);
  return nowDoing(next, next.standing.background.length > 0 ? "background" : "idle");
}

/** What was streamed of the failed try is void: the next one comes under another message id. */
function mapRetry(state: Mapping, message: SystemOf<"api_retry">): Mapped {
  const httpStatus = message.error_status ?? undefined;
  const retry: EngineEvent = {
    type: "retry",
    data: {
      attempt: message.attempt,
      max: message.max_retries,
      delayMs: Math.max(0, Math.round(message.retry_delay_ms)),
      ...(httpStatus === undefined ? {} : { httpStatus }),
      class: retryClass(message.error, httpStatus, message.no_response !== undefined),
    },
  };
  const doing = nowDoing({ ...state, streaming: undefined }, "retrying");
  return { state: doing.state, events: [retry, ...doing.events] };
}

/** No status and no name: the connection broke before or in the middle of the answer. */
function retryClass(
  apiError: string,
  httpStatus: number | undefined,
  noAnswer: boolean,
): ReturnType<typeof classify> {
  if (noAnswer) return "timeout";
  if (httpStatus === undefined && apiError === "unknown") return "network";
  return classify({ apiError, httpStatus, message: "" });
}

function mapDenied(state: Mapping, message: SystemOf<"permission_denied">): Mapped {
  const call = state.calls.get(message.tool_use_id);
  if (call === undefined) return nothing(state);
  return nothing({
    ...state,
    calls: new Map(state.calls).set(message.tool_use_id, { ...call, wasDenied: true }),
  });
}

function compacted({
  compact_metadata: { trigger, pre_tokens: before, post_tokens: after },
}: SystemOf<"compact_boundary">): string {
  const size = after === undefined ? `${before} tokens` : `${before} to ${after} tokens`;
  return `The conversation was shortened (${trigger === "auto" ? "it was near the model's limit" : "asked for"}): ${size}.`;
}

function writesLost(message: SystemOf<"session_writes_lost">): EngineEvent {
  return {
    type: "error",
    data: {
      class: "disk_full",
      severity: "warning",
      message: `The engine could not save ${message.lost.join(" and ")} (${message.error_code}); a resumed session may miss a part.`,
      retryable: false,
      recovery: "Give the sandbox more disk.",
    },
  };
}

function remark(state: Mapping, level: "info" | "warn", text: string): Mapped {
  return { state, events: text === "" ? [] : [{ type: "notice", data: { level, text } }] };
}
