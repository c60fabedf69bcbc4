import { describe, expect, it } from "vitest";
import { maxOutputOf } from "./find-model.ts";
import { parsePrices } from "./parse-prices.ts";
import { priceCall } from "./price-call.ts";

const usage = { input: 1_000_000, output: 1_000_000, cacheRead: 0, cacheWrite: 0 };

function tableOf(models: object) {
  const parsed = parsePrices(JSON.stringify({ models }));
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.table;
}

describe("a user's own prices", () => {
  it("add models, free ones too, whose names may hold a path", () => {
    const table = tableOf({
      "llama3.1:8b": { input: 0, output: 0, maxOutput: 4096 },
      "hf.co/Some/Model": { input: 1, output: 2 },
    });
    expect(priceCall({ ...usage, model: "Llama3.1:8b" }, table)).toMatchObject({
      costUsd: 0,
      estimated: false,
    });
    expect(priceCall({ ...usage, model: "hf.co/Some/Model" }, table).costUsd).toBe(3);
    expect(maxOutputOf("llama3.1:8b", table)).toBe(4096);
    expect(priceCall({ ...usage, model: "other" }, table)).toMatchObject({ costUsd: 210, estimated: true });
  });

  it("take the place of the ones that ship, with cache prices as input unless they are given", () => {
    const table = tableOf({ "gpt-5": { input: 7, output: 1, cacheRead: 0.5 } });
    const call = { model: "gpt-5", input: 0, output: 0, cacheRead: 1_000_000, cacheWrite: 1_000_000 };
    expect(priceCall(call, table).costUsd).toBe(7.5);
  });

  it.each([
    ["{", "not valid JSON"],
    ["[]", '"models"'],
    ['{"models":{},"x":1}', 'knows no "x"'],
    ['{"models":{"m":3}}', "models.m must be an object"],
    ['{"models":{"m":{"input":1}}}', "models.m.output is missing"],
    ['{"models":{"m":{"input":-1,"output":1}}}', "models.m.input must be a number from 0"],
    ['{"models":{"m":{"input":"1","output":1}}}', "models.m.input must be a number"],
    ['{"models":{"m":{"input":1e400,"output":1}}}', "models.m.input must be a number"],
    ['{"models":{"m":{"input":1,"output":1,"price":1}}}', 'models.m knows no "price"'],
    ['{"models":{"a b":{"input":1,"output":1}}}', "no model id"],
  ])("are refused with a sentence that says where: %s", (json, about) => {
    const parsed = parsePrices(json);
    expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining(about) });
  });
});
