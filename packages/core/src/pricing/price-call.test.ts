import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { priceCall } from "./price-call.ts";
import { PRICE_TABLE } from "./price-table.ts";

const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
const million = 1_000_000;
const count = fc.nat({ max: 50 * million });

describe("priceCall", () => {
  it("prices the reference run to the millionth", () => {
    const reference = {
      model: "claude-sonnet-4-5",
      input: 3003,
      cacheWrite: 600,
      cacheRead: 15_000,
      output: 303,
    };
    expect(priceCall(reference)).toEqual({ costUsd: 0.020304, costMicroUsd: 20_304, estimated: false });
  });

  it.each([
    ["claude-opus-4-5", "claude-opus-4-5-20251101"],
    ["claude-opus-4-1", "claude-opus-4-1-20250805"],
    ["claude-opus-4", "claude-opus-4-20250514"],
    ["claude-opus-4", "claude-opus-4-0"],
    ["claude-sonnet-4-5", "claude-sonnet-4-5[1m]"],
    ["claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
    ["claude-3-5-sonnet", "claude-3-5-sonnet-v2@20241022"],
    ["claude-3-5-haiku", "claude-3-5-haiku-latest"],
    ["claude-haiku-4-5", "anthropic/claude-haiku-4-5@20251001"],
    ["claude-opus-4-6", "CLAUDE-OPUS-4-6"],
    ["gpt-5.1-codex", "gpt-5.1-codex-2025-11-13"],
    ["gpt-5", "openai/gpt-5-2025-08-07"],
    ["gpt-5-mini", "GPT-5-mini"],
    ["gpt-4o", "gpt-4o-2024-11-20"],
    ["gpt-4o-2024-05-13", "gpt-4o-2024-05-13"],
    ["codex-mini", "codex-mini-latest"],
    ["o3", "o3-2025-04-16"],
  ])("knows %s in %s", (id, name) => {
    const known = PRICE_TABLE.models.find((model) => model.id === id);
    const price = priceCall({ ...none, model: name, input: 1000, output: million });
    expect(price).toMatchObject({
      estimated: false,
      costUsd: (known?.standard.input ?? 0) / 1000 + (known?.standard.output ?? 0),
    });
  });

  it.each([
    ["claude-sonnet-9", 90],
    ["claude-sonnet-4-9", 90],
    ["claude-opus-4-5-turbo", 90],
    ["llama claude-", 90],
    ["gpt-9", 210],
    ["gpt-5.6-sol", 210],
    ["llama3.1:8b", 210],
    ["", 210],
  ])("prices the unknown model %j as the most expensive known one of its kind", (model, costUsd) => {
    const price = priceCall({ ...none, model, input: million, output: million });
    expect(price).toMatchObject({ costUsd, estimated: true });
  });

  it("charges cache writes kept for an hour, searches, the fast mode and the regional surcharge", () => {
    const model = "claude-opus-4-6";
    const cost = (more: object) => priceCall({ ...none, model, ...more }).costUsd;
    expect(cost({ cacheWrite: million })).toBe(6.25);
    expect(cost({ cacheWrite: million, cacheWrite1h: million / 2 })).toBe(8.125);
    expect(cost({ cacheWrite: 10, cacheWrite1h: million })).toBe(0.0001);
    expect(cost({ webSearches: 3 })).toBe(0.03);
    expect(cost({ output: million, fast: true })).toBe(150);
    expect(cost({ output: million, usOnly: true })).toBe(27.5);
  });

  it("prices a fast mode it does not know as the most expensive one, marked as an estimate", () => {
    const price = priceCall({ ...none, model: "claude-haiku-4-5", output: million, fast: true });
    expect(price).toMatchObject({ costUsd: 150, estimated: true });
  });

  it("charges the long-prompt price once the whole prompt passes its size", () => {
    const call = { ...none, model: "claude-haiku-5-5", cacheRead: 50_000 };
    expect(priceCall({ ...call, input: 50_000 }).costUsd).toBe(0.0055);
    expect(priceCall({ ...call, input: 50_001 }).costMicroUsd).toBe(27_501);
  });

  it("prices OpenAI's long prompts and its priority tier", () => {
    const call = { ...none, model: "gpt-5.4", output: million };
    expect(priceCall({ ...call, input: 272_000 }).costUsd).toBe(15.68);
    expect(priceCall({ ...call, input: 272_001 }).costUsd).toBe(23.860005);
    expect(priceCall({ ...call, fast: true })).toMatchObject({ costUsd: 180, estimated: true });
  });

  it("takes another table", () => {
    const standard = { input: 1, output: 1, cacheRead: 1, cacheWrite: 1, cacheWrite1h: 1 };
    const table = { ...PRICE_TABLE, models: [{ id: "local-model", standard }] };
    expect(priceCall({ ...none, model: "local-model", input: million }, table)).toMatchObject({
      costUsd: 1,
      estimated: false,
    });
  });

  it("is never free, never negative and never fails, whatever the numbers", () => {
    const odd = fc.oneof(fc.double(), fc.constantFrom(Infinity, -Infinity, NaN, -1, 1e300));
    fc.assert(
      fc.property(fc.string(), odd, odd, odd, odd, (model, input, output, cacheRead, cacheWrite) => {
        const { costUsd } = priceCall({ model, input, output, cacheRead, cacheWrite });
        const used = [input, output, cacheRead, cacheWrite].some((n) => n > 0);
        return used ? costUsd > 0 : costUsd === 0;
      }),
    );
  });

  it("costs the exact sum of its parts, at most one millionth more for rounding", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PRICE_TABLE.models),
        count,
        count,
        count,
        count,
        (model, input, output, cacheRead, cacheWrite) => {
          const { standard } = model;
          if (model.longPrompt) return;
          const tenths =
            BigInt(input) * BigInt(Math.round(standard.input * 1000)) +
            BigInt(output) * BigInt(Math.round(standard.output * 1000)) +
            BigInt(cacheRead) * BigInt(Math.round(standard.cacheRead * 1000)) +
            BigInt(cacheWrite) * BigInt(Math.round(standard.cacheWrite * 1000));
          const micro = priceCall({ model: model.id, input, output, cacheRead, cacheWrite }).costMicroUsd;
          const over = BigInt(micro) * 1000n - tenths;
          expect(over >= 0n && over < 1000n).toBe(true);
        },
      ),
    );
  });
});
