import type { ModelPrices } from "./price-table.ts";

const opusFirst = { input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75, cacheWrite1h: 30 };
const opus = { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25, cacheWrite1h: 10 };
const opus55 = { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5, cacheWrite1h: 8 };
const sonnet = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 };
const sonnet5 = { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5, cacheWrite1h: 4 };
const large = { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5, cacheWrite1h: 20 };
const large52 = { input: 8, output: 40, cacheRead: 0.2, cacheWrite: 10, cacheWrite1h: 16 };
const fastest = { input: 30, output: 150, cacheRead: 3, cacheWrite: 37.5, cacheWrite1h: 60 };
const fast55 = { input: 8, output: 40, cacheRead: 0.4, cacheWrite: 10, cacheWrite1h: 16 };
const fast52 = { input: 16, output: 80, cacheRead: 0.4, cacheWrite: 20, cacheWrite1h: 32 };

/** List prices, as the catalogue of the pinned Claude engine has them: the two must tell one truth. */
export const ANTHROPIC_PRICES: readonly ModelPrices[] = [
  {
    id: "claude-3-haiku",
    standard: { input: 0.25, output: 1.25, cacheRead: 0.03, cacheWrite: 0.3, cacheWrite1h: 0.5 },
  },
  {
    id: "claude-3-5-haiku",
    standard: { input: 0.8, output: 4, cacheRead: 0.08, cacheWrite: 1, cacheWrite1h: 1.6 },
  },
  {
    id: "claude-haiku-4-5",
    standard: { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25, cacheWrite1h: 2 },
  },
  {
    id: "claude-haiku-5-5",
    standard: { input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125, cacheWrite1h: 0.2 },
    longPrompt: {
      aboveTokens: 100_000,
      prices: { input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625, cacheWrite1h: 1 },
    },
  },
  { id: "claude-3-sonnet", standard: sonnet },
  { id: "claude-3-5-sonnet", standard: sonnet },
  { id: "claude-3-7-sonnet", standard: sonnet },
  { id: "claude-sonnet-4", standard: sonnet },
  { id: "claude-sonnet-4-5", standard: sonnet },
  { id: "claude-sonnet-4-6", standard: sonnet },
  { id: "claude-sonnet-5", standard: sonnet5 },
  { id: "claude-sonnet-5-5", standard: { ...sonnet5, cacheRead: 0.1 } },
  { id: "claude-3-opus", standard: opusFirst },
  { id: "claude-opus-4", standard: opusFirst },
  { id: "claude-opus-4-1", standard: opusFirst },
  { id: "claude-opus-4-5", standard: opus },
  { id: "claude-opus-4-6", standard: opus, fast: fastest },
  { id: "claude-opus-4-7", standard: opus, fast: fastest },
  { id: "claude-opus-4-8", standard: opus, fast: large },
  { id: "claude-opus-5", standard: opus, fast: large },
  { id: "claude-opus-5-5", standard: opus55, fast: fast55 },
  { id: "claude-fable-5", standard: large },
  { id: "claude-fable-5-1", standard: { ...large, cacheRead: 0.25 } },
  { id: "claude-fable-5-2", standard: large52, fast: fast52 },
  { id: "claude-mythos-5", standard: large },
  { id: "claude-mythos-5-1", standard: { ...large, cacheRead: 0.25 } },
  { id: "claude-mythos-5-2", standard: large52, fast: fast52 },
];
