import { isObject, objectsIn, stringOr } from "../wire/json.ts";
import type { JsonObject } from "../wire/json.ts";
import type { OfferedTool } from "../wire/tool-calls.ts";

/** Tools of a Responses request, and of a chat, which wraps each of them once more. */
export function readTools(tools: unknown): readonly OfferedTool[] {
  return objectsIn(tools).flatMap((tool) => {
    const described = isObject(tool["function"]) ? tool["function"] : tool;
    const name = stringOr(described["name"], "");
    return name === "" ? [] : [readTool(name, described, tool["type"] === "custom")];
  });
}

function readTool(name: string, tool: JsonObject, isFreeform: boolean): OfferedTool {
  const schema = isObject(tool["parameters"]) ? tool["parameters"] : {};
  const fields = isObject(schema["properties"]) ? schema["properties"] : {};
  const properties = Object.keys(fields);
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  const lists = properties.filter((field) => {
    const described = fields[field];
    return isObject(described) && described["type"] === "array";
  });
  return { name, properties, required, lists, ...(isFreeform ? { isFreeform } : {}) };
}
