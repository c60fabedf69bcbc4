import type { Entry, SideKind, ToolResult } from "../scripts/request.ts";
import {
  asksForSummary,
  isFromPerson,
  isSynthetic,
  saysCutOff,
  splitReminders,
  workingDirectoryIn,
} from "./claude-text.ts";
import { lastResultsIn } from "../wire/entries.ts";
import type { Asked } from "../wire/asked.ts";
import { isObject, objectsIn, stringOr } from "../wire/json.ts";
import type { JsonObject } from "../wire/json.ts";
import type { OfferedTool } from "../wire/tool-calls.ts";

const CALL_PREFIX = "toolu_";
const NO_WORKING_DIRECTORY = "/workspace";

/** Returns a sentence for what the real API would refuse. */
export function readMessagesRequest(body: unknown, headers: Headers): Asked | string {
  if (!isObject(body)) return "The body is not a JSON object.";
  const model = stringOr(body["model"], "");
  if (model === "") return "model: Field required";
  if (!Array.isArray(body["messages"])) return "messages: Field required";
  if (typeof body["max_tokens"] !== "number") return "max_tokens: Field required";
  const messages = objectsIn(body["messages"]).map((message) => readMessage(message));
  const all = messages.flatMap((message) => message.entries);
  const tools = objectsIn(body["tools"]).map((tool) => readTool(tool));
  const side = sideOf(tools, all);
  // The order to sum up comes in the user's place, but no person gave it.
  const entries = side === "compact" ? all.slice(0, -1) : all;
  const notes = [...textsOf(body["system"]), ...messages.flatMap((message) => message.reminders)];
  return {
    run: runOf(body, headers),
    cwd: workingDirectoryIn(notes) ?? NO_WORKING_DIRECTORY,
    entries,
    model,
    stream: body["stream"] === true,
    tools,
    wantsThinking: isObject(body["thinking"]) && body["thinking"]["type"] !== "disabled",
    wantsJson: isObject(body["output_config"]) && isObject(body["output_config"]["format"]),
    side,
    lastResults: lastResultsIn(entries),
  };
}

function sideOf(tools: readonly OfferedTool[], entries: readonly Entry[]): SideKind | null {
  const newest = entries.at(-1);
  if (newest?.kind === "user" && asksForSummary(newest.text)) return "compact";
  return tools.length === 0 ? "no-tools" : null;
}

/** Claude names its session inside metadata.user_id, which stays the same over a resume. */
function runOf(body: JsonObject, headers: Headers): string {
  const user = isObject(body["metadata"]) ? stringOr(body["metadata"]["user_id"], "") : "";
  return user === "" ? (headers.get("x-claude-code-session-id") ?? "") : user;
}

function readTool(tool: JsonObject): OfferedTool {
  const schema = isObject(tool["input_schema"]) ? tool["input_schema"] : {};
  const properties = isObject(schema["properties"]) ? Object.keys(schema["properties"]) : [];
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  return { name: stringOr(tool["name"], ""), properties, required };
}

interface ReadMessage {
  entries: readonly Entry[];
  reminders: readonly string[];
}

function readMessage(message: JsonObject): ReadMessage {
  const content = message["content"];
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : objectsIn(content);
  if (message["role"] === "assistant") return readAnswer(blocks);
  // Newer models are told about their surroundings in messages of this role, between the others.
  if (message["role"] === "system")
    return { entries: [], reminders: blocks.flatMap((block) => textsOf(block["text"])) };
  return readUser(blocks);
}

function readAnswer(blocks: readonly JsonObject[]): ReadMessage {
  const ids = blocks.filter((block) => block["type"] === "tool_use").map((block) => neutralId(block["id"]));
  const text = blocks.map((block) => stringOr(block["text"], "")).join("");
  const counts = ids.length > 0 || !isSynthetic(text);
  return { entries: counts ? [{ kind: "assistant", callIds: ids }] : [], reminders: [] };
}

function readUser(blocks: readonly JsonObject[]): ReadMessage {
  const results: ToolResult[] = [];
  const reminders: string[] = [];
  const said: Entry[] = [];
  for (const block of blocks) {
    const isResult = block["type"] === "tool_result";
    const parts = splitReminders(textsOf(isResult ? block["content"] : block["text"]).join("\n"));
    reminders.push(...parts.reminders);
    said.push(...parts.steering.map((text): Entry => ({ kind: "user", text })));
    if (isResult) {
      const isError = block["is_error"] === true;
      results.push({ callId: neutralId(block["tool_use_id"]), text: parts.said, isError });
    } else if (saysCutOff(parts.said)) said.push({ kind: "cut-off" });
    else if (isFromPerson(parts.said)) said.push({ kind: "user", text: parts.said });
  }
  return { entries: results.length === 0 ? said : [{ kind: "results", results }, ...said], reminders };
}

function neutralId(id: unknown): string {
  const text = stringOr(id, "");
  return text.startsWith(CALL_PREFIX) ? text.slice(CALL_PREFIX.length) : text;
}

/** The API takes a plain string wherever it takes a list of content blocks. */
function textsOf(content: unknown): readonly string[] {
  if (typeof content === "string") return [content];
  return objectsIn(content).map((block) => stringOr(block["text"], ""));
}
