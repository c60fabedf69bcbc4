import { isRecord } from "../call-meter.ts";
import { charsIn, readModel, readTier, readUsage } from "./answer-meter.ts";
import type { AnswerReader, AnswerSeen } from "./answer-meter.ts";

const NAMES = {
  input: "prompt_tokens",
  output: "completion_tokens",
  inputDetails: "prompt_tokens_details",
};

/** Chat Completions. */
export const chatReader: AnswerReader = {
  read(into, chunk) {
    readAnswer(into, chunk);
    into.chars += contentOf(chunk, "delta");
    // Some servers count as they go; the vendor does it once, in a last chunk without content.
    if (into.usage !== null && isUsageOnly(chunk)) into.ended = true;
  },
  readWhole(into, answer) {
    into.chars += contentOf(answer, "message");
    readAnswer(into, answer);
  },
};

/** The chunk that is only there because it was asked for. */
export function isUsageOnly(chunk: unknown): boolean {
  if (!isRecord(chunk) || !isRecord(chunk["usage"])) return false;
  const { choices } = chunk;
  return Array.isArray(choices) && choices.length === 0;
}

function readAnswer(into: AnswerSeen, answer: Record<string, unknown>): void {
  readModel(into, answer["model"]);
  const fast = into.usage?.fast;
  readUsage(into, answer["usage"], NAMES);
  if (fast === true && into.usage !== null) into.usage.fast = true;
  readTier(into, answer["service_tier"]);
}

function contentOf(answer: Record<string, unknown>, field: string): number {
  const { choices } = answer;
  if (!Array.isArray(choices)) return 0;
  return charsIn(choices.map((choice) => (isRecord(choice) ? choice[field] : null)));
}
