import type { EngineEvent } from "@agency/core";
import type { SDKUserMessage } from "@anthropic-ai/claude-agent-sdk";
import { capText } from "../../shared/cap-text.ts";
import { timeOf } from "./map-assistant.ts";
import { bashEvents, exitCodeOf, outputOf } from "./bash-result.ts";
import { fileChange } from "./file-change.ts";
import { inTurn, nothing } from "./mapping.ts";
import type { Mapped, Mapping, OpenCall } from "./mapping.ts";
import { countOf, fieldsOf, listOf, textOf } from "./read-value.ts";
import type { Fields } from "./read-value.ts";
import { mapTodoTool } from "./todo-list.ts";

const MAX_OUTPUT_BYTES = 64 * 1024;

type ToolEnd = Extract<EngineEvent, { type: "tool_end" }>;

/** Why a tool gave no result of its own, in the engine's words. */
const DENIED = new Set([
  "permission-rule",
  "automode-blocked",
  "automode-unavailable",
  "automode-parsing-error",
]);
/** Put before the reason of whoever refused. */
const HOOK_REFUSAL = /^PreToolUse:\S{1,200} hook error: /u;
const ABORTED = new Set(["user-rejected", "interrupted", "cancelled"]);

/** What the engine adds to the conversation in the user's name: the results of tools. Its texts are notes to the model. */
export function mapUser(state: Mapping, message: SDKUserMessage): Mapped {
  const { content } = message.message;
  if (typeof content === "string") return nothing(state);
  const results = content.filter((block) => block.type === "tool_result");
  return inTurn(state, results, (before, block) => mapResult(before, message, fieldsOf(block)));
}

function mapResult(state: Mapping, message: SDKUserMessage, block: Fields): Mapped {
  const id = textOf(block["tool_use_id"]);
  const call = id === undefined ? undefined : state.calls.get(id);
  if (id === undefined || call === undefined) return nothing(state);
  const calls = new Map(state.calls);
  calls.delete(id);
  const result: ToolResult = {
    id,
    call,
    isError: block["is_error"] === true,
    said: contentText(block["content"]),
    // One structured result a message; it belongs to the first block.
    structured: message.tool_use_result,
    durationMs: durationSince(call, message),
  };
  const end = toolEnd(result, whyNotRun(message, id));
  const after = { ...state, calls };
  if (end.data.status !== "ok" && end.data.status !== "error") return { state: after, events: [end] };
  const outcome = sideEffects(after, result);
  return { state: outcome.state, events: [end, ...outcome.events] };
}

export interface ToolResult {
  id: string;
  call: OpenCall;
  isError: boolean;
  said: string;
  structured: unknown;
  durationMs: number | undefined;
}

function toolEnd(result: ToolResult, notRun: string | undefined): ToolEnd {
  const status = statusOf(result, notRun);
  // What the model is told of an interrupt ("the user rejected it") is not for people.
  const output = status === "aborted" ? "" : outputOf(result).replace(HOOK_REFUSAL, "");
  const { text, bytes, truncated } = capText(output, MAX_OUTPUT_BYTES);
  // The engine keeps large outputs in a file and gives the beginning with the real size.
  const outputBytes = Math.max(bytes, countOf(fieldsOf(result.structured)["persistedOutputSize"]));
  const exitCode = exitCodeOf(result);
  return {
    type: "tool_end",
    data: {
      id: result.id,
      status,
      output: text,
      outputBytes,
      truncated: truncated || outputBytes > bytes,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(result.durationMs === undefined ? {} : { durationMs: result.durationMs }),
    },
  };
}

function statusOf({ isError, call }: ToolResult, notRun: string | undefined): ToolEnd["data"]["status"] {
  if (call.wasDenied || (notRun !== undefined && DENIED.has(notRun))) return "denied";
  if (notRun !== undefined && ABORTED.has(notRun)) return "aborted";
  return isError ? "error" : "ok";
}

/** What a finished call changed, beyond having finished. */
function sideEffects(state: Mapping, result: ToolResult): Mapped {
  const { call, structured } = result;
  if (call.name === "Bash") return { state, events: bashEvents(result) };
  if (result.isError) return nothing(state);
  if (call.name === "TaskCreate" || call.name === "TaskUpdate") {
    // A sub-agent keeps a list of its own.
    if (call.isSubagents) return nothing(state);
    const { todo, events } = mapTodoTool(state.todo, call.name, call.input, structured);
    return { state: { ...state, todo }, events };
  }
  const change = fileChange(result, state.cwd);
  return { state, events: change === undefined ? [] : [change] };
}

function whyNotRun(message: SDKUserMessage, id: string): string | undefined {
  // Not in the published type, but on every result of this version.
  const meta = listOf(fieldsOf(message)["tool_result_meta"]).map((entry) => fieldsOf(entry));
  return textOf(meta.find((entry) => entry["id"] === id)?.["non_execution_kind"]);
}

function durationSince(call: OpenCall, message: SDKUserMessage): number | undefined {
  const endedAt = timeOf(message.timestamp);
  if (call.startedAt === undefined || endedAt === undefined) return undefined;
  return Math.max(0, endedAt - call.startedAt);
}

function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .map((part) => fieldsOf(part))
    .map((part) => textOf(part["text"]) ?? textOf(part["tool_name"]) ?? `[${textOf(part["type"]) ?? "data"}]`)
    .join("\n");
}
