import { readFile } from "node:fs/promises";
import { AgencyError } from "@agency/contract";
import { parsePrices, PRICE_TABLE } from "@agency/core";
import type { PriceTable } from "@agency/core";

export interface Prices {
  readonly table: PriceTable;
  /** What the user's file says, for runners to count with; null without one. */
  readonly own: string | null;
}

/** The shipped prices, with those of the user's file in their place. */
export async function loadPrices(path: string | null): Promise<Prices> {
  if (path === null) return { table: PRICE_TABLE, own: null };
  const own = await readText(path);
  const parsed = parsePrices(own);
  if (parsed.ok) return { table: parsed.table, own };
  throw unusable(path, parsed.problem);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
}

function unusable(path: string, why: string): AgencyError {
  return new AgencyError("invalid_request", `AGENCY_PRICES: ${path} cannot be used: ${why}.`, {
    next: "Correct it, or leave the setting out to use the shipped prices.",
  });
}
