import { isRecord } from "../call-meter.ts";
import { findClosed, isType } from "../closed-content.ts";
import type { ContentRule } from "../closed-content.ts";
import type { JsonObject } from "../vendor.ts";

/** Tools that the vendor runs itself, with a network of its own. */
const CLOSED_TOOLS = ["web_search", "web_fetch", "code_execution", "mcp_toolset"];
/** Where the vendor gets an image or a document from. */
const CLOSED_SOURCES = ["url", "file"];

const tools: ContentRule = {
  check: ({ type }) => (isType(type, CLOSED_TOOLS) ? `type "${type}"` : null),
  within: [],
};

const content: ContentRule = {
  check: ({ type, source }) => {
    if (type === "container_upload") return `type "${type}"`;
    return isRecord(source) && isType(source["type"], CLOSED_SOURCES)
      ? `source.type "${source["type"]}"`
      : null;
  },
  within: ["content", "source"],
};

/** The field of a message request that makes the vendor reach into the network. */
export function closedField(json: JsonObject): string | null {
  const servers = json["mcp_servers"];
  if (servers !== undefined && servers !== null && !(Array.isArray(servers) && servers.length === 0))
    return "mcp_servers";
  return (
    findClosed("tools", json["tools"], tools) ??
    findClosed("system", json["system"], content) ??
    findClosed("messages", json["messages"], content)
  );
}
