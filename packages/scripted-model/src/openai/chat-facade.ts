import type { Frame } from "../play/paced-stream.ts";
import type { Entry } from "../scripts/request.ts";
import type { Pace } from "../scripts/script.ts";
import type { Asked } from "../wire/asked.ts";
import type { Facade, Message } from "../wire/facade.ts";
import { isObject, objectsIn, stringOr } from "../wire/json.ts";
import type { JsonObject } from "../wire/json.ts";
import { cutIntoPieces } from "../wire/pieces.ts";
import {
  askedFrom,
  joinEntries,
  neutralId,
  resultEntry,
  textsOf,
  userEntries,
  wireId,
} from "./conversation.ts";
import { inputDetails, inputOf } from "./write-usage.ts";

/** OpenAI's Chat Completions, which most local servers speak. */
export const chatFacade: Facade = {
  path: "/v1/chat/completions",
  read,
  toJson,
  toFrames,
  broken: 'data: {"id":"chatcmpl-x","object":"chat.completion.chunk","cho\n\n',
  overloaded: 'data: {"error":{"message":"Overloaded","type":"server_error","param":null,"code":null}}\n\n',
};

function read(body: unknown, headers: Headers): Asked | string {
  if (!isObject(body)) return "The body is not a JSON object.";
  if (stringOr(body["model"], "") === "") return "Missing required parameter: 'model'.";
  if (!Array.isArray(body["messages"])) return "Missing required parameter: 'messages'.";
  const messages = objectsIn(body["messages"]);
  const notes = messages.flatMap((one) => (one["role"] === "assistant" ? [] : textsOf(one["content"])));
  const entries = joinEntries(messages.flatMap((message) => readMessage(message)));
  const options = body["stream_options"];
  const wantsUsage = isObject(options) && options["include_usage"] === true;
  return { ...askedFrom(body, headers, entries, notes), wantsUsage };
}

function readMessage(message: JsonObject): Entry[] {
  switch (message["role"]) {
    case "assistant":
      return [
        { kind: "assistant", callIds: objectsIn(message["tool_calls"]).map((call) => neutralId(call["id"])) },
      ];
    case "tool":
      return [resultEntry(message["tool_call_id"], message["content"])];
    case "user":
      return userEntries(textsOf(message["content"]));
    default:
      return [];
  }
}

function toJson(message: Message): Record<string, unknown> {
  const { reply, calls } = message;
  const said = {
    role: "assistant",
    content: reply.text === "" ? null : reply.text,
    ...(calls.length === 0
      ? {}
      : { tool_calls: calls.map((call) => toolCall(call, JSON.stringify(call.input))) }),
  };
  const choice = { index: 0, message: said, finish_reason: finishReason(message), logprobs: null };
  return { ...envelope(message, "chat.completion"), choices: [choice], usage: usageOf(message) };
}

function toFrames(message: Message, pace: Pace | undefined, asked: Asked): Frame[] {
  const { reply, calls } = message;
  const head = envelope(message, "chat.completion.chunk");
  const chunk = (delta: object, waitMs = 0, finish: string | null = null): Frame =>
    frame({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] }, waitMs);
  const text = cutIntoPieces(reply.text, pace?.text).map((content) =>
    chunk({ content }, pace?.text.everyMs ?? 0),
  );
  const tools = calls.flatMap((call, index) => [
    chunk({ tool_calls: [{ index, ...toolCall(call, "") }] }),
    ...cutIntoPieces(JSON.stringify(call.input), pace?.toolInput).map((piece) =>
      chunk({ tool_calls: [{ index, function: { arguments: piece } }] }, pace?.toolInput.everyMs ?? 0),
    ),
  ]);
  return [
    chunk({ role: "assistant", content: "" }, pace?.firstMs),
    ...text,
    ...tools,
    chunk({}, 0, finishReason(message)),
    ...(asked.wantsUsage === true ? [frame({ ...head, choices: [], usage: usageOf(message) }, 0)] : []),
    { data: "data: [DONE]\n\n", waitMs: 0 },
  ];
}

function frame(data: object, waitMs: number): Frame {
  return { data: `data: ${JSON.stringify(data)}\n\n`, waitMs };
}

function toolCall({ id, name }: Message["calls"][number], text: string): Record<string, unknown> {
  return { id: wireId(id), type: "function", function: { name, arguments: text } };
}

const FINISH_REASONS: Partial<Record<string, string>> = {
  tool_use: "tool_calls",
  max_tokens: "length",
  refusal: "content_filter",
};

function finishReason({ reply }: Message): string {
  return FINISH_REASONS[reply.stop] ?? "stop";
}

function usageOf({ reply: { usage } }: Message): Record<string, unknown> {
  return {
    prompt_tokens: inputOf(usage),
    prompt_tokens_details: inputDetails(usage),
    completion_tokens: usage.output,
    total_tokens: inputOf(usage) + usage.output,
  };
}

const CREATED_AT = 1_760_000_000;

function envelope({ model, reply }: Message, object: string): Record<string, unknown> {
  return { id: `chatcmpl-${reply.id}`, object, created: CREATED_AT, model, service_tier: "default" };
}
