import type { ModelUsage } from "../ports/model-gate.ts";
import { PRICE_TABLE } from "./price-table.ts";
import type { ModelPrices, PriceTable, TokenPrices } from "./price-table.ts";

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
  if (call.fast === true) {
    if (known?.fast) return { prices: known.fast, estimated: false };
    return {
      prices: mostExpensive(table.models.flatMap((m) => [m.standard, m.fast ?? m.standard])),
      estimated: true,
    };
  }
  if (!known) return { prices: mostExpensive(table.models.map((m) => m.standard)), estimated: true };
  const prompt = wholeCount(call.input) + wholeCount(call.cacheRead) + wholeCount(call.cacheWrite);
  const long = known.longPrompt;
  return { prices: long && prompt > long.aboveTokens ? long.prices : known.standard, estimated: false };
}

/** What may follow an id without making it another model: a date, a build, `-latest`, `-0`, `[1m]`. */
const SAME_MODEL = /^(?:-0)?(?:-v\d)?(?:[-@]\d{8})?(?:-v\d(?::\d)?)?(?:-latest)?(?:\[1m\])?$/;

/** Gateways put a vendor, a region or a path before the id; the longest id that fits wins. */
function findModel(model: string, table: PriceTable): ModelPrices | undefined {
  const name = model.toLowerCase().slice(Math.max(0, model.toLowerCase().lastIndexOf("claude-")));
  let best: ModelPrices | undefined;
  for (const candidate of table.models) {
    if (!name.startsWith(candidate.id) || !SAME_MODEL.test(name.slice(candidate.id.length))) continue;
    if (!best || candidate.id.length > best.id.length) best = candidate;
  }
  return best;
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
