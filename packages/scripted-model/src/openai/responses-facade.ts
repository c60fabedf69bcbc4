import type { Entry } from "../scripts/request.ts";
import type { Asked } from "../wire/asked.ts";
import type { Facade } from "../wire/facade.ts";
import { isObject, objectsIn, stringOr } from "../wire/json.ts";
import type { JsonObject } from "../wire/json.ts";
import { askedFrom, joinEntries, neutralId, resultEntry, textsOf, userEntries } from "./conversation.ts";
import { toResponseFrames, toResponseJson } from "./write-response.ts";

/** OpenAI's Responses. */
export const responsesFacade: Facade = {
  path: "/v1/responses",
  read,
  toJson: toResponseJson,
  toFrames: toResponseFrames,
  broken: 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","del\n\n',
  overloaded:
    'event: error\ndata: {"type":"error","code":"server_error","message":"Overloaded","param":null}\n\n',
};

function read(body: unknown, headers: Headers): Asked | string {
  if (!isObject(body)) return "The body is not a JSON object.";
  if (stringOr(body["model"], "") === "") return "Missing required parameter: 'model'.";
  const { input } = body;
  if (typeof input !== "string" && !Array.isArray(input)) return "Missing required parameter: 'input'.";
  const items = typeof input === "string" ? [{ role: "user", content: input }] : objectsIn(input);
  const notes = [
    ...textsOf(body["instructions"]),
    ...items.flatMap((item) => (item["role"] === "assistant" ? [] : textsOf(item["content"]))),
  ];
  return askedFrom(body, headers, joinEntries(items.flatMap((item) => readItem(item))), notes);
}

function readItem(item: JsonObject): Entry[] {
  switch (item["type"]) {
    case "function_call":
    case "custom_tool_call":
      return [{ kind: "assistant", callIds: [neutralId(item["call_id"])] }];
    case "function_call_output":
    case "custom_tool_call_output":
      return [resultEntry(item["call_id"], item["output"])];
    case "message":
    case undefined:
      if (item["role"] === "assistant") return [{ kind: "assistant", callIds: [] }];
      return item["role"] === "user" ? userEntries(textsOf(item["content"])) : [];
    default:
      return [];
  }
}
