import { isObject, objectsIn, stringOr } from "../wire/json.ts";
import type { JsonObject } from "../wire/json.ts";

/** A coding agent's side of the conversation, small enough to read: keeps the history, asks, gives tool results back. */

export type Handle = (request: Request) => Promise<Response>;

export interface Answer {
  status: number;
  thinking: string;
  text: string;
  calls: readonly { id: string; name: string; input: JsonObject }[];
  stop: string;
  usage: JsonObject;
  content: readonly JsonObject[];
}

export interface TinyEngine {
  say(text: string): Promise<Answer>;
  /** Answers every call of the latest response, with what a person said meanwhile inside the last result. */
  giveResults(text: string, options?: { steering?: string; isError?: boolean }): Promise<Answer>;
  /** The same request once more, as after a failure. */
  again(): Promise<Answer>;
  /** For what an engine does with its history: resume elsewhere, shorten, note. */
  messages: JsonObject[];
  last(): Answer;
}

export const CLAUDE_TOOLS = [
  tool("Bash", ["command", "run_in_background"]),
  tool("Write", ["file_path", "content"]),
  tool("Edit", ["file_path", "old_string", "new_string"]),
  tool("Read", ["file_path"]),
];

export function createTinyEngine(
  handle: Handle,
  options: { cwd?: string; stream?: boolean; body?: JsonObject; messages?: JsonObject[] } = {},
): TinyEngine {
  const { cwd = "/repo", stream = true } = options;
  const messages = options.messages ?? [];
  const answers: Answer[] = [];
  const last = (): Answer => answers.at(-1) ?? fail("Nothing was answered yet.");
  const ask = async (): Promise<Answer> => {
    const answer = await readAnswer(await handle(messagesRequest({ messages, stream, ...options.body })));
    answers.push(answer);
    if (answer.content.length > 0) messages.push({ role: "assistant", content: answer.content });
    return answer;
  };
  return {
    messages,
    last,
    again: ask,
    say: (text) => {
      const place =
        messages.length === 0 ? [reminder(`# Environment\n - Primary working directory: ${cwd}`)] : [];
      messages.push({ role: "user", content: [...place, { type: "text", text }] });
      return ask();
    },
    giveResults: (text, { steering, isError = false } = {}) => {
      const heard = steering === undefined ? "" : `\n\n${steeringReminder(steering)}`;
      const { calls } = last();
      const content = calls.map(({ id }, index) => ({
        type: "tool_result",
        tool_use_id: id,
        content: index === calls.length - 1 ? `${text}${heard}` : text,
        is_error: isError,
      }));
      messages.push({ role: "user", content });
      return ask();
    },
  };
}

export function messagesRequest(body: JsonObject, init: { headers?: Record<string, string> } = {}): Request {
  const whole = { model: "claude-sonnet-4-5", max_tokens: 1000, tools: CLAUDE_TOOLS, ...body };
  const headers = { "content-type": "application/json", "x-api-key": "placeholder", ...init.headers };
  return new Request("http://model/v1/messages?beta=true", {
    method: "POST",
    headers,
    body: JSON.stringify(whole),
  });
}

export function steeringReminder(text: string): string {
  return `<system-reminder>\nThe user sent a new message while you were working:\n${text}\n\nThis is how Claude Code surfaces messages the user sends mid-turn.\n</system-reminder>`;
}

async function readAnswer(response: Response): Promise<Answer> {
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const message = isStream ? assemble(readEvents(await response.text())) : toObject(await response.json());
  const content = objectsIn(message["content"]);
  const joined = (field: string): string => content.map((block) => stringOr(block[field], "")).join("");
  return {
    status: response.status,
    thinking: joined("thinking"),
    text: joined("text"),
    calls: content.filter((block) => block["type"] === "tool_use").map((block) => toCall(block)),
    stop: stringOr(message["stop_reason"], ""),
    usage: toObject(message["usage"] ?? {}),
    content,
  };
}

export function readEvents(body: string): JsonObject[] {
  return body.split("\n\n").flatMap((block) => {
    const data = /^event: (\S+)\ndata: (.*)$/.exec(block)?.[2];
    return data === undefined ? [] : [toObject(JSON.parse(data))];
  });
}

/** Puts a stream together as an SDK does: usage from the start is overwritten by what the end says. */
function assemble(events: readonly JsonObject[]): JsonObject {
  const blocks: Record<string, unknown>[] = [];
  const inputs: string[] = [];
  let message: JsonObject = {};
  for (const event of events) {
    const index = Number(event["index"]);
    if (event["type"] === "message_start") message = toObject(event["message"]);
    if (event["type"] === "content_block_start") blocks[index] = { ...toObject(event["content_block"]) };
    if (event["type"] === "content_block_delta")
      addDelta(blocks[index] ?? {}, inputs, index, toObject(event["delta"]));
    if (event["type"] === "message_delta")
      message = { ...message, ...toObject(event["delta"]), usage: event["usage"] };
  }
  for (const [index, input] of inputs.entries())
    if (blocks[index]?.["type"] === "tool_use") blocks[index]["input"] = JSON.parse(input);
  return { ...message, content: blocks };
}

function addDelta(block: Record<string, unknown>, inputs: string[], index: number, delta: JsonObject): void {
  if (delta["type"] === "input_json_delta")
    inputs[index] = (inputs[index] ?? "") + stringOr(delta["partial_json"], "");
  else
    for (const field of ["text", "thinking", "signature"])
      if (field in delta) block[field] = stringOr(block[field], "") + stringOr(delta[field], "");
}

function toCall(block: JsonObject): Answer["calls"][number] {
  return {
    id: stringOr(block["id"], ""),
    name: stringOr(block["name"], ""),
    input: toObject(block["input"]),
  };
}

function toObject(value: unknown): JsonObject {
  return isObject(value) ? value : fail(`Not an object: ${JSON.stringify(value)}`);
}

function reminder(text: string): JsonObject {
  return { type: "text", text: `<system-reminder>\n${text}\n</system-reminder>` };
}

function tool(name: string, fields: readonly string[]): JsonObject {
  const properties = Object.fromEntries(fields.map((field) => [field, { type: "string" }]));
  return {
    name,
    description: name,
    input_schema: { type: "object", properties, required: fields.slice(0, 1) },
  };
}

function fail(message: string): never {
  throw new Error(message);
}
