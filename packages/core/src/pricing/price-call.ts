import type { ModelUsage } from "../ports/model-gate.ts";
import { findModel } from "./find-model.ts";
import { PRICE_TABLE } from "./price-table.ts";
import type { PriceTable, TokenPrices } from "./price-table.ts";

export interface CallPrice {
  costUsd: number;
  /** The same in millionths of a dollar: add these up, not the dollars. */
  costMicroUsd: number;
  /** The model, or the mode it ran in, is not in the table: priced as the most expensive one that is. */
  estimated: boolean;
}

/** A price per million tokens in dollars is, times a million, picodollars per token: a whole number. */
const PICO_PER_MICRO = 1_000_000n;

/** Rounded up to the next millionth of a dollar, so that no call is ever free. */
export function priceCall(call: ModelUsage & { model: string }, table: PriceTable = PRICE_TABLE): CallPrice {
  const { prices, estimated } = pricesFor(call, table);
  const tokens =
    picodollars(call.input, prices.input) +
    picodollars(call.output, prices.output) +
    picodollars(call.cacheRead, prices.cacheRead) +
    cacheWrites(call, prices);
  const placed = call.usOnly === true ? (tokens * BigInt(table.usOnlyPercent)) / 100n : tokens;
  const pico = placed + picodollars(call.webSearches ?? 0, table.webSearch * 1_000_000);
  const micro = Number((pico + PICO_PER_MICRO - 1n) / PICO_PER_MICRO);
  return { costUsd: micro / 1_000_000, costMicroUsd: micro, estimated };
}

function cacheWrites(call: ModelUsage, prices: TokenPrices): bigint {
  const all = wholeCount(call.cacheWrite);
  const hour = Math.min(wholeCount(call.cacheWrite1h ?? 0), all);
  return picodollars(hour, prices.cacheWrite1h) + picodollars(all - hour, prices.cacheWrite);
}

function pricesFor(
  call: ModelUsage & { model: string },
  table: PriceTable,
): { prices: TokenPrices; estimated: boolean } {
  const known = findModel(call.model, table);
  if (!known) return { prices: mostExpensive(kin(call, table)), estimated: true };
  if (call.fast === true) {
    if (known.fast) return { prices: known.fast, estimated: false };
    return { prices: mostExpensive(kin(call, table)), estimated: true };
  }
  const prompt = wholeCount(call.input) + wholeCount(call.cacheRead) + wholeCount(call.cacheWrite);
  const long = known.longPrompt;
  return { prices: long && prompt > long.aboveTokens ? long.prices : known.standard, estimated: false };
}

/** What the call may have cost: any price of the table; of a `claude` only those of its own kind. */
function kin(call: ModelUsage & { model: string }, table: PriceTable): TokenPrices[] {
  const isClaude = (id: string) => id.toLowerCase().includes("claude");
  const alike = isClaude(call.model) ? table.models.filter((model) => isClaude(model.id)) : [];
  const models = alike.length > 0 ? alike : table.models;
  return models.flatMap((model) =>
    call.fast === true ? [model.standard, model.fast ?? model.standard] : [model.standard],
  );
}

function mostExpensive(all: readonly TokenPrices[]): TokenPrices {
  const highest = (part: keyof TokenPrices) => Math.max(...all.map((prices) => prices[part]));
  return {
    input: highest("input"),
    output: highest("output"),
    cacheRead: highest("cacheRead"),
    cacheWrite: highest("cacheWrite"),
    cacheWrite1h: highest("cacheWrite1h"),
  };
}

function picodollars(count: number, usdPerMillion: number): bigint {
  return BigInt(wholeCount(count)) * BigInt(Math.round(usdPerMillion * 1_000_000));
}

/** A count from outside: never negative, never a fraction, never more than can be counted exactly. */
function wholeCount(count: number): number {
  if (Number.isNaN(count) || count <= 0) return 0;
  return Math.min(Math.ceil(count), Number.MAX_SAFE_INTEGER);
}
