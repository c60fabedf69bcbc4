import type { ModelUsage } from "@agency/core";
import { CHARS_PER_TOKEN, countOf, isName, isRecord } from "../call-meter.ts";
import type { UsageShare } from "../call-meter.ts";

/** What has been seen of one message. Counts only grow: the vendor's are cumulative, and some report zeros early. */
export interface MessageUsage {
  id: string | null;
  model: string | null;
  usage: ModelUsage;
  iterations: readonly unknown[];
  /** Characters of content that passed: all there is to go by when a response is cut before its last count. */
  streamedChars: number;
}

export function emptyMessageUsage(): MessageUsage {
  const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  return { id: null, model: null, usage, iterations: [], streamedChars: 0 };
}

export function readMessage(into: MessageUsage, message: unknown): void {
  if (!isRecord(message)) return;
  if (isName(message["id"])) into.id = message["id"];
  if (isName(message["model"])) into.model = message["model"];
  readUsage(into, message["usage"]);
}

export function readUsage(into: MessageUsage, raw: unknown): void {
  if (!isRecord(raw)) return;
  addCounts(into.usage, raw);
  const tools = raw["server_tool_use"];
  const searches = isRecord(tools) ? countOf(tools["web_search_requests"]) : 0;
  if (searches > 0) into.usage.webSearches = Math.max(into.usage.webSearches ?? 0, searches);
  if (raw["speed"] === "fast") into.usage.fast = true;
  if (raw["inference_geo"] === "us") into.usage.usOnly = true;
  if (Array.isArray(raw["iterations"])) into.iterations = raw["iterations"];
}

function addCounts(usage: ModelUsage, raw: Record<string, unknown>): void {
  usage.input = Math.max(usage.input, countOf(raw["input_tokens"]));
  usage.output = Math.max(usage.output, countOf(raw["output_tokens"]));
  usage.cacheRead = Math.max(usage.cacheRead, countOf(raw["cache_read_input_tokens"]));
  usage.cacheWrite = Math.max(usage.cacheWrite, countOf(raw["cache_creation_input_tokens"]));
  const kept = raw["cache_creation"];
  const hour = isRecord(kept) ? countOf(kept["ephemeral_1h_input_tokens"]) : 0;
  if (hour > 0) usage.cacheWrite1h = Math.max(usage.cacheWrite1h ?? 0, hour);
}

/** Who used what. `complete`: the last count was seen. */
export function usageShares(
  seen: MessageUsage,
  names: { key: string; model: string },
  complete: boolean,
): UsageShare[] {
  const key = seen.id ?? names.key;
  const model = seen.model ?? names.model;
  const streamed = Math.ceil(seen.streamedChars / CHARS_PER_TOKEN);
  const output =
    complete && seen.usage.output > 0 ? seen.usage.output : Math.max(seen.usage.output, streamed);
  return [{ key, model, usage: { ...seen.usage, output } }, ...extraShares(seen.iterations, key, model)];
}

/** Compaction and advice are billed on top: the message's own totals leave them out. */
function extraShares(iterations: readonly unknown[], key: string, model: string): UsageShare[] {
  return iterations.flatMap((iteration, at) => {
    if (!isRecord(iteration)) return [];
    const type = iteration["type"];
    if (type !== "compaction" && type !== "advisor_message") return [];
    const usage = emptyMessageUsage().usage;
    addCounts(usage, iteration);
    const own = iteration["model"];
    return [{ key: `${key}/${at}`, model: isName(own) ? own : model, usage }];
  });
}
