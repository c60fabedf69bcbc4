import { maxOutputOf } from "@agency/core";
import type { PriceTable } from "@agency/core";
import { apiErrors } from "../api-error.ts";
import type { ApiError } from "../api-error.ts";
import { isName, isRecord, parseJson } from "../call-meter.ts";
import { createSseFilter } from "../sse-filter.ts";
import type { Asked, BilledEndpoint, JsonObject } from "../vendor.ts";
import { isUsageOnly } from "./chat-reader.ts";
import { RESPONSES } from "./endpoints.ts";

/** More answers at once than any agent asks for. */
const MOST_ANSWERS = 128;

export function readAsked(endpoint: BilledEndpoint, json: JsonObject, prices: PriceTable): Asked | ApiError {
  const { model } = json;
  if (!isName(model))
    return apiErrors.badRequest("model: a model id of plain characters, at most 200, is required.");
  return endpoint.path === RESPONSES ? readResponses(json, model, prices) : readChat(json, model, prices);
}

function readResponses(json: JsonObject, model: string, prices: PriceTable): Asked | ApiError {
  if (json["background"] !== undefined && json["background"] !== null && json["background"] !== false)
    return apiErrors.badRequest("background: an answer that is made unseen is not open from a sandbox.");
  const maxTokens = readMaximum(json, ["max_output_tokens"], model, prices);
  if (typeof maxTokens !== "number") return maxTokens;
  return { model, maxTokens, mode: modeOf(json), unseenInput: leansOnKept(json) };
}

function readChat(json: JsonObject, model: string, prices: PriceTable): Asked | ApiError {
  const most = readMaximum(json, ["max_completion_tokens", "max_tokens"], model, prices);
  if (typeof most !== "number") return most;
  const answers = json["n"] ?? 1;
  if (typeof answers !== "number" || !Number.isInteger(answers) || answers < 1 || answers > MOST_ANSWERS)
    return apiErrors.badRequest(`n: a whole number from 1 to ${MOST_ANSWERS} is required.`);
  const asked = { model, maxTokens: most * answers, mode: modeOf(json) };
  const options = isRecord(json["stream_options"]) ? json["stream_options"] : {};
  if (json["stream"] !== true || options["include_usage"] === true) return asked;
  // Unasked, a stream says nothing of what it used.
  const changed = { ...json, stream_options: { ...options, include_usage: true } };
  return { ...asked, changed, filter: () => createSseFilter(isUsageEvent) };
}

function isUsageEvent(event: string): boolean {
  const data = event.startsWith("data:") ? event.slice(5).trim() : "";
  return data.includes('"usage"') && isUsageOnly(parseJson(data));
}

function readMaximum(
  json: JsonObject,
  fields: readonly string[],
  model: string,
  prices: PriceTable,
): number | ApiError {
  let most: number | null = null;
  for (const field of fields) {
    const value = json[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
      return apiErrors.badRequest(`${field}: a whole number is required.`);
    // Servers differ in which name they heed when both are there.
    most = Math.max(most ?? 0, value);
  }
  return most ?? maxOutputOf(model, prices);
}

function modeOf({ service_tier: tier }: JsonObject): NonNullable<Asked["mode"]> {
  return tier === "priority" || tier === "fast" ? { fast: true } : {};
}

/** The whole of a kept conversation is input again, and is billed. */
function leansOnKept(json: JsonObject): boolean {
  if (["previous_response_id", "conversation"].some((field) => (json[field] ?? null) !== null)) return true;
  const items: unknown[] = Array.isArray(json["input"]) ? json["input"] : [];
  return items.some(
    (item) =>
      isRecord(item) && (item["type"] ?? "item_reference") === "item_reference" && !("content" in item),
  );
}
