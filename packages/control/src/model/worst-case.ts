import { priceCall } from "@agency/core";
import type { ModelRequestFacts, ModelUsage, PriceTable } from "@agency/core";

export interface CallBounds {
  /** The most the call can come to. */
  readonly usd: number;
  /** What its input alone comes to, as input usually does. */
  readonly inputUsd: number;
  /** The model is not in the price table. */
  readonly unknownModel: boolean;
}

/**
 * English prose is about four bytes a token, code three, text in scripts of their own two and more. Two is below what
 * whole requests reach, whose JSON around the text costs bytes and no tokens.
 */
const FEWEST_BYTES_PER_TOKEN = 2;
const USUAL_BYTES_PER_TOKEN = 4;
/** The largest window there is. A picture of some megabytes comes to two thousand tokens, not to two million. */
const MOST_INPUT_TOKENS = 1_000_000;

/** Before a call nobody knows what of its input is cached: the dearest way is assumed, kept for an hour. */
export function callBounds(request: ModelRequestFacts, prices: PriceTable): CallBounds {
  const { model, maxTokens, inputBytes, unseenInput, mode } = request;
  const seen = Math.min(Math.ceil(inputBytes / FEWEST_BYTES_PER_TOKEN), MOST_INPUT_TOKENS);
  const most = unseenInput === true ? MOST_INPUT_TOKENS : seen;
  const usual = Math.min(Math.ceil(inputBytes / USUAL_BYTES_PER_TOKEN), MOST_INPUT_TOKENS);
  const price = (usage: Partial<ModelUsage>) =>
    priceCall({ model, input: 0, output: 0, cacheRead: 0, cacheWrite: 0, ...mode, ...usage }, prices);
  const output = { output: maxTokens };
  const ways = [
    price({ ...output, input: most }),
    price({ ...output, cacheWrite: most }),
    price({ ...output, cacheWrite: most, cacheWrite1h: most }),
  ];
  return {
    usd: Math.max(...ways.map(({ costUsd }) => costUsd)),
    inputUsd: price({ input: usual }).costUsd,
    unknownModel: ways.some(({ estimated }) => estimated),
  };
}
