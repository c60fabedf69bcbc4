import { isAgencyError } from "@agency/contract";
import type { Check } from "@agency/contract";
import type { Storage } from "@agency/core";

/** A bucket is asked over a network, and whoever watches the status asks often. */
const FRESH_MS = 30_000;

/** Whether the storage answers, as a line for `doctor`. */
export function createStorageCheck(storage: Pick<Storage, "list">, now: () => number): () => Promise<Check> {
  let known: { at: number; check: Promise<Check> } | null = null;
  return () => {
    if (known === null || now() - known.at >= FRESH_MS) known = { at: now(), check: ask(storage) };
    return known.check;
  };
}

async function ask(storage: Pick<Storage, "list">): Promise<Check> {
  try {
    await storage.list("tasks", { limit: 1 });
    return { id: "storage", level: "ok", detail: "The storage answers." };
  } catch (error) {
    const next = isAgencyError(error) && error.next !== undefined ? ` ${error.next}` : "";
    const why = isAgencyError(error) ? error.message : String(error);
    return { id: "storage", level: "fail", detail: `The storage cannot be used: ${why}${next}` };
  }
}
