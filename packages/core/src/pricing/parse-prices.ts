import { PRICE_TABLE } from "./price-table.ts";
import type { ModelPrices, PriceTable, TokenPrices } from "./price-table.ts";

export type ParsedPrices =
  | { readonly ok: true; readonly table: PriceTable }
  /** A sentence saying what is wrong, and where. */
  | { readonly ok: false; readonly problem: string };

const TOKEN_FIELDS = ["input", "output", "cacheRead", "cacheWrite", "cacheWrite1h"] as const;
const FIELDS: readonly string[] = [...TOKEN_FIELDS, "maxOutput"];
/** Far above any price, and still counted exactly. */
const MOST_USD = 1_000_000;
const MOST_TOKENS = 10_000_000;

/**
 * A user's own prices over the ones that ship: `{"models": {"llama3.1:8b": {"input": 0, "output": 0}}}`, in
 * dollars per million tokens. Only here may a price be zero: a model that runs on one's own machine.
 */
export function parsePrices(json: string, base: PriceTable = PRICE_TABLE): ParsedPrices {
  try {
    const read: unknown = JSON.parse(json);
    const models = entriesOf(read);
    const own = models.map(([id, prices]) => readModel(id, prices));
    const ids = new Set(own.map((model) => model.id));
    const kept = base.models.filter((model) => !ids.has(model.id));
    return { ok: true, table: { ...base, models: [...kept, ...own] } };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.message };
    return { ok: false, problem: "The price list is not valid JSON." };
  }
}

class Problem extends Error {}

function entriesOf(read: unknown): [string, unknown][] {
  if (!isObject(read) || !isObject(read["models"]))
    throw new Problem('The price list must be an object with "models": {"<model id>": {"input", "output"}}.');
  const unknown = Object.keys(read).find((name) => name !== "models");
  if (unknown !== undefined) throw new Problem(`The price list knows no "${unknown}"; only "models".`);
  return Object.entries(read["models"]);
}

function readModel(name: string, prices: unknown): ModelPrices {
  const id = name.toLowerCase();
  if (!/^[\x21-\x7e]{1,200}$/.test(id))
    throw new Problem(`models: "${name.slice(0, 80)}" is no model id: plain characters, at most 200.`);
  if (!isObject(prices)) throw new Problem(`models.${name} must be an object with input and output.`);
  const unknown = Object.keys(prices).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined)
    throw new Problem(`models.${name} knows no "${unknown}"; only ${FIELDS.join(", ")}.`);
  const read = (field: (typeof TOKEN_FIELDS)[number], otherwise?: number) =>
    readNumber(`models.${name}.${field}`, prices[field], MOST_USD, otherwise);
  const input = read("input");
  const cacheWrite = read("cacheWrite", input);
  const standard: TokenPrices = {
    input,
    output: read("output"),
    cacheRead: read("cacheRead", input),
    cacheWrite,
    cacheWrite1h: read("cacheWrite1h", cacheWrite),
  };
  if (prices["maxOutput"] === undefined) return { id, standard };
  const maxOutput = readNumber(`models.${name}.maxOutput`, prices["maxOutput"], MOST_TOKENS);
  return { id, standard, maxOutput: Math.ceil(maxOutput) };
}

function readNumber(path: string, value: unknown, most: number, otherwise?: number): number {
  if (value === undefined && otherwise !== undefined) return otherwise;
  if (value === undefined) throw new Problem(`${path} is missing.`);
  if (typeof value !== "number" || !(value >= 0 && value <= most))
    throw new Problem(`${path} must be a number from 0 to ${most}.`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
