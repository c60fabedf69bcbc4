import type { Entry, SideKind } from "../scripts/request.ts";
import type { Asked } from "../wire/asked.ts";
import { lastResultsIn } from "../wire/entries.ts";
import { isObject, objectsIn, stringOr } from "../wire/json.ts";
import type { JsonObject } from "../wire/json.ts";
import type { OfferedTool } from "../wire/tool-calls.ts";
import { asksForSummary, isFromPerson, workingDirectoryIn } from "./openai-text.ts";
import { readTools } from "./read-tools.ts";

const CALL_PREFIX = "call_";
const NO_WORKING_DIRECTORY = "/workspace";

/** What is the same in both of OpenAI's APIs once the conversation is read. */
export function askedFrom(
  body: JsonObject,
  headers: Headers,
  all: readonly Entry[],
  notes: readonly string[],
): Asked {
  const tools = readTools(body["tools"]);
  const side = sideOf(tools, all);
  // The order to sum up comes in the user's place, but no person gave it.
  const entries = side === "compact" ? all.slice(0, -1) : all;
  return {
    run: runOf(body, headers),
    cwd: workingDirectoryIn(notes) ?? NO_WORKING_DIRECTORY,
    entries,
    model: stringOr(body["model"], ""),
    stream: body["stream"] === true,
    tools,
    wantsThinking: isObject(body["reasoning"]) && typeof body["reasoning"]["summary"] === "string",
    wantsJson: wantsJson(body),
    side,
    lastResults: lastResultsIn(entries),
  };
}

function runOf(body: JsonObject, headers: Headers): string {
  const session = headers.get("session_id") ?? headers.get("conversation_id") ?? "";
  return stringOr(body["prompt_cache_key"], "") || stringOr(body["user"], "") || session;
}

function sideOf(tools: readonly OfferedTool[], entries: readonly Entry[]): SideKind | null {
  const newest = entries.at(-1);
  if (newest?.kind === "user" && asksForSummary(newest.text)) return "compact";
  return tools.length === 0 ? "no-tools" : null;
}

function wantsJson(body: JsonObject): boolean {
  const format = isObject(body["text"]) ? body["text"]["format"] : body["response_format"];
  return isObject(format) && (format["type"] === "json_schema" || format["type"] === "json_object");
}

/** Puts what the model said in several pieces together, and the results of parallel calls. */
export function joinEntries(entries: readonly Entry[]): Entry[] {
  const joined: Entry[] = [];
  for (const entry of entries) {
    const before = joined.at(-1);
    if (before?.kind === "assistant" && entry.kind === "assistant")
      joined[joined.length - 1] = { kind: "assistant", callIds: [...before.callIds, ...entry.callIds] };
    else if (before?.kind === "results" && entry.kind === "results")
      joined[joined.length - 1] = { kind: "results", results: [...before.results, ...entry.results] };
    else joined.push(entry);
  }
  return joined;
}

/** What a person said; what an engine put in their place is left out. */
export function userEntries(texts: readonly string[]): Entry[] {
  return texts
    .filter((text) => isFromPerson(text.trim()))
    .map((text) => ({ kind: "user", text: text.trim() }));
}

export function resultEntry(id: unknown, output: unknown): Entry {
  const text = textsOf(output).join("\n");
  return { kind: "results", results: [{ callId: neutralId(id), text, isError: false }] };
}

export function neutralId(id: unknown): string {
  const text = stringOr(id, "");
  return text.startsWith(CALL_PREFIX) ? text.slice(CALL_PREFIX.length) : text;
}

export function wireId(id: string): string {
  return `${CALL_PREFIX}${id}`;
}

/** A plain string, or a list of parts of which some are text. */
export function textsOf(content: unknown): readonly string[] {
  if (typeof content === "string") return [content];
  return objectsIn(content).map((part) => stringOr(part["text"], ""));
}
