import { isRecord } from "../call-meter.ts";
import { charsIn, readModel, readTier, readUsage } from "./answer-meter.ts";
import type { AnswerReader, AnswerSeen } from "./answer-meter.ts";

const NAMES = { input: "input_tokens", output: "output_tokens", inputDetails: "input_tokens_details" };
const LAST = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** The Responses API: its last event holds the whole answer with its counts. */
export const responsesReader: AnswerReader = {
  read(into, event) {
    const { type, response, delta } = event;
    if (typeof delta === "string") into.chars += delta.length;
    if (!isRecord(response)) return;
    readModel(into, response["model"]);
    if (typeof type !== "string" || !LAST.has(type)) return;
    readAnswer(into, response);
    into.ended = true;
  },
  readWhole(into, answer) {
    into.chars += charsIn(answer["output"]);
    readAnswer(into, answer);
  },
};

function readAnswer(into: AnswerSeen, answer: Record<string, unknown>): void {
  readModel(into, answer["model"]);
  readUsage(into, answer["usage"], NAMES);
  readTier(into, answer["service_tier"]);
  const searches = itemsOf(answer["output"]).filter((item) => item["type"] === "web_search_call").length;
  if (into.usage !== null && searches > 0) into.usage.webSearches = searches;
}

function itemsOf(output: unknown): Record<string, unknown>[] {
  return Array.isArray(output) ? output.filter((item) => isRecord(item)) : [];
}
