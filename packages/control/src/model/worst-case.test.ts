import { PRICE_TABLE, priceCall } from "@agency/core";
import { describe, expect, it } from "vitest";
import { callBounds } from "./worst-case.ts";

const request = { vendor: "anthropic", model: "claude-sonnet-4-5", maxTokens: 1_000, inputBytes: 8_000 };
const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

describe("the most a call can come to", () => {
  it("is all its output and its input as cache writes kept for an hour", () => {
    // 1,000 at $15 and 4,000 at $6 a million; of 2,000 plain tokens at $3 the input usually is.
    expect(callBounds(request, PRICE_TABLE)).toEqual({ usd: 0.039, inputUsd: 0.006, unknownModel: false });
  });

  it("is at least what any split of that input costs, for every model of the table", () => {
    for (const { id } of PRICE_TABLE.models) {
      const { usd } = callBounds({ ...request, model: id, inputBytes: 400_000 }, PRICE_TABLE);
      const split = { ...none, model: id, output: 1_000, input: 50_000, cacheRead: 50_000 };
      expect(usd).toBeGreaterThanOrEqual(priceCall({ ...split, cacheWrite: 50_000 }).costUsd);
      expect(usd).toBeGreaterThanOrEqual(
        priceCall({ ...split, cacheWrite: 100_000, cacheWrite1h: 50_000 }).costUsd,
      );
    }
  });

  it("is not that of millions of tokens for a request full of pictures", () => {
    const pictures = callBounds({ ...request, inputBytes: 30_000_000 }, PRICE_TABLE);
    expect(pictures.usd).toBe(6.015);
  });

  it("says that a model has no price", () => {
    expect(callBounds({ ...request, model: "someone-else-1" }, PRICE_TABLE).unknownModel).toBe(true);
  });

  it("is that of the dearer way it asks for, and of all the input the vendor may find", () => {
    const opus = { ...request, model: "claude-opus-4-6" };
    const fast = callBounds({ ...opus, mode: { fast: true, usOnly: true } }, PRICE_TABLE);
    const served = { ...none, model: opus.model, output: 1_000, cacheWrite: 4_000, cacheWrite1h: 4_000 };
    expect(fast.usd).toBe(priceCall({ ...served, fast: true, usOnly: true }).costUsd);
    const unseen = callBounds({ ...request, unseenInput: true }, PRICE_TABLE);
    expect(unseen).toEqual({ usd: 6.015, inputUsd: 0.006, unknownModel: false });
  });
});
