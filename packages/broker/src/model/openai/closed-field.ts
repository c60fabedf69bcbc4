import { isRecord } from "../call-meter.ts";
import { findClosed, isType } from "../closed-content.ts";
import type { ContentRule } from "../closed-content.ts";
import type { JsonObject } from "../vendor.ts";

/** Tools that the vendor runs itself, with a network of its own. */
const CLOSED_TOOLS = [
  "web_search",
  "mcp",
  "code_interpreter",
  "file_search",
  "computer_use",
  "image_generation",
];
/** Models that search the web whatever they are asked. */
const CLOSED_MODELS = /-search-(?:preview|api)|deep-research/i;
/** Where the vendor gets an image or a file from. What is sent along as `data:` is fetched from nowhere. */
const URL_FIELDS = ["image_url", "file_url", "url"];

const tools: ContentRule = {
  check: ({ type }) => (isType(type, CLOSED_TOOLS) ? `type "${type}"` : null),
  within: ["tools"],
};

const content: ContentRule = {
  check: (block) => {
    const url = URL_FIELDS.find((field) => {
      const value = block[field];
      return typeof value === "string" && !/^data:/i.test(value);
    });
    if (url !== undefined) return url;
    return typeof block["file_id"] === "string" ? "file_id" : null;
  },
  within: ["content", "output", "image_url", "file"],
};

/** The field of a request that makes the vendor reach into the network. */
export function closedField(json: JsonObject): string | null {
  const { model } = json;
  if (typeof model === "string" && CLOSED_MODELS.test(model)) return `model "${model.slice(0, 200)}"`;
  // A stored prompt can hold tools and addresses that nobody sees here.
  const whole = ["web_search_options", "prompt"].find((field) => isRecord(json[field]));
  if (whole !== undefined) return whole;
  return (
    findClosed("tools", json["tools"], tools) ??
    findClosed("input", json["input"], content) ??
    findClosed("messages", json["messages"], content)
  );
}
