import type { ModelUsage } from "@agency/core";
import type { StreamMeter } from "./metered-stream.ts";

/** One model's share of a response. A response has more than one when the vendor asked a second model for it. */
export interface UsageShare {
  key: string;
  model: string;
  usage: ModelUsage;
}

/** Counts what one call uses, from the vendor's own answer. */
export interface CallMeter extends StreamMeter {
  /** A whole answer that was not streamed. */
  read(answer: unknown): void;
  /** Who used what. `complete`: nothing of the answer is missing. */
  shares(names: { key: string; model: string }, complete: boolean): UsageShare[];
}

/** Text has about four characters a token and code three; a cut response must not come cheaper than a whole one. */
export const CHARS_PER_TOKEN = 3;

/** More tokens than any response has; beyond it a count is a fault that no ledger could hold. */
const MOST_TOKENS = 1_000_000_000;

export function countOf(value: unknown): number {
  if (typeof value !== "number" || !(value > 0)) return 0;
  return Math.min(Math.ceil(value), MOST_TOKENS);
}

/** An id that can be stored and shown. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]{1,200}$/.test(value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
