import { PRICE_TABLE } from "./price-table.ts";
import type { ModelPrices, PriceTable } from "./price-table.ts";

/** What may follow an id without making it another model: a date, a build, `-latest`, `-0`, `[1m]`. */
const SAME_MODEL =
  /^(?:-0)?(?:-v\d)?(?:[-@]\d{8}|-\d{4}-\d{2}-\d{2})?(?:-v\d(?::\d)?)?(?:-latest)?(?:\[1m\])?$/;

/** Gateways put a vendor, a region or a path before the id; the longest id that fits wins. */
export function findModel(model: string, table: PriceTable = PRICE_TABLE): ModelPrices | undefined {
  const whole = model.toLowerCase();
  const names = new Set([whole, whole.slice(whole.lastIndexOf("/") + 1), fromClaude(whole)]);
  let best: ModelPrices | undefined;
  for (const candidate of table.models) {
    const fits = [...names].some(
      (name) => name.startsWith(candidate.id) && SAME_MODEL.test(name.slice(candidate.id.length)),
    );
    if (fits && (!best || candidate.id.length > best.id.length)) best = candidate;
  }
  return best;
}

function fromClaude(name: string): string {
  return name.slice(Math.max(0, name.lastIndexOf("claude-")));
}

/** Assumed of a model that is not in the table. */
const MOST_OUTPUT = 128_000;

/** The most tokens one answer of the model can have, when the request itself sets no end. */
export function maxOutputOf(model: string, table: PriceTable = PRICE_TABLE): number {
  return findModel(model, table)?.maxOutput ?? MOST_OUTPUT;
}
