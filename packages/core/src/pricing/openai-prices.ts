import type { ModelPrices, TokenPrices } from "./price-table.ts";

/** Writing to the cache costs what input costs, for models whose price list names nothing else. */
function tokens(input: number, output: number, cacheRead: number, cacheWrite = input): TokenPrices {
  return { input, output, cacheRead, cacheWrite, cacheWrite1h: cacheWrite };
}

function model(id: string, standard: TokenPrices, maxOutput = 128_000): ModelPrices {
  return { id, standard, maxOutput };
}

/** Past this prompt the whole call costs more. */
const LONG_PROMPT = 272_000;

function longModel(id: string, standard: TokenPrices, long: TokenPrices): ModelPrices {
  return { ...model(id, standard), longPrompt: { aboveTokens: LONG_PROMPT, prices: long } };
}

const gpt5 = tokens(1.25, 10, 0.125);
const gpt52 = tokens(1.75, 14, 0.175);
const mini = tokens(0.25, 2, 0.025);

/**
 * List prices of the standard tier, from the vendor's model pages and from catalogues of 2026 that agree with
 * them. A model on whose price the sources differ (`gpt-5.6-sol`) is left out, and so counts as the dearest.
 */
export const OPENAI_PRICES: readonly ModelPrices[] = [
  longModel("gpt-6-astra", tokens(10, 50, 1, 12.5), tokens(20, 75, 2, 25)),
  longModel("gpt-6.1-sol", tokens(2, 10, 0.1, 2.5), tokens(4, 15, 0.2, 5)),
  longModel("gpt-6-sol", tokens(2, 10, 0.2, 2.5), tokens(4, 15, 0.4, 5)),
  longModel("gpt-6-luna", tokens(0.1, 0.5, 0.01, 0.125), tokens(0.2, 0.75, 0.02, 0.25)),
  longModel("gpt-5.6-terra", tokens(2, 12, 0.2, 2.5), tokens(4, 18, 0.4, 5)),
  longModel("gpt-5.6-luna", tokens(0.2, 1.2, 0.02, 0.25), tokens(0.4, 1.8, 0.04, 0.5)),
  longModel("gpt-5.5", tokens(5, 30, 0.5), tokens(10, 45, 1)),
  longModel("gpt-5.4", tokens(2.5, 15, 0.25), tokens(5, 22.5, 0.5)),
  longModel("gpt-5.4-pro", tokens(30, 180, 30), tokens(60, 270, 60)),
  model("gpt-5.4-mini", tokens(0.75, 4.5, 0.075)),
  model("gpt-5.4-nano", tokens(0.2, 1.25, 0.02)),
  model("gpt-5.3-codex", gpt52),
  model("gpt-5.2", gpt52),
  model("gpt-5.2-codex", gpt52),
  model("gpt-5.2-pro", tokens(21, 168, 21)),
  model("gpt-5.1", gpt5),
  model("gpt-5.1-codex", gpt5),
  model("gpt-5.1-codex-max", gpt5),
  model("gpt-5.1-codex-mini", mini),
  model("gpt-5", gpt5),
  model("gpt-5-codex", gpt5),
  model("gpt-5-mini", mini),
  model("gpt-5-nano", tokens(0.05, 0.4, 0.005)),
  model("gpt-5-pro", tokens(15, 120, 15), 272_000),
  model("codex-mini", tokens(1.5, 6, 0.375), 100_000),
  model("gpt-4.1", tokens(2, 8, 0.5), 32_768),
  model("gpt-4.1-mini", tokens(0.4, 1.6, 0.1), 32_768),
  model("gpt-4.1-nano", tokens(0.1, 0.4, 0.025), 32_768),
  model("gpt-4o", tokens(2.5, 10, 1.25), 16_384),
  model("gpt-4o-2024-05-13", tokens(5, 15, 5), 4096),
  model("gpt-4o-mini", tokens(0.15, 0.6, 0.075), 16_384),
  model("o3", tokens(2, 8, 0.5), 100_000),
  model("o3-pro", tokens(20, 80, 20), 100_000),
  model("o3-mini", tokens(1.1, 4.4, 0.55), 100_000),
  model("o4-mini", tokens(1.1, 4.4, 0.275), 100_000),
];
