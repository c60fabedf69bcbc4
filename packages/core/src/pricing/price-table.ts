import { ANTHROPIC_PRICES } from "./anthropic-prices.ts";
import { OPENAI_PRICES } from "./openai-prices.ts";

/** US dollars per million tokens. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Kept for five minutes. */
  readonly cacheWrite: number;
  /** Kept for an hour. */
  readonly cacheWrite1h: number;
}

export interface ModelPrices {
  /** The id without a date; `claude-opus-4-1-20250805` is `claude-opus-4-1`. */
  readonly id: string;
  readonly standard: TokenPrices;
  readonly fast?: TokenPrices;
  readonly longPrompt?: { readonly aboveTokens: number; readonly prices: TokenPrices };
  /** The most tokens one answer can have, where a request need not say. */
  readonly maxOutput?: number;
}

export interface PriceTable {
  /** Day the prices were read. */
  readonly version: string;
  /** US dollars for one search run by the vendor. */
  readonly webSearch: number;
  /** What a call that must stay in the United States costs, in percent of the usual. */
  readonly usOnlyPercent: number;
  readonly models: readonly ModelPrices[];
}

export const PRICE_TABLE: PriceTable = {
  version: "2026-11-21",
  webSearch: 0.01,
  usOnlyPercent: 110,
  models: [...ANTHROPIC_PRICES, ...OPENAI_PRICES],
};
