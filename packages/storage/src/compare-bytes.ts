import { createHash } from "node:crypto";
import type { Storage } from "@agency/core";

export type Comparison = Awaited<ReturnType<Storage["compare"]>>;

/** By reading all of it. A part of it that cannot be read is an error, bytes that are not those it says it has are not. */
export async function compareBytes(
  storage: Pick<Storage, "read" | "stat">,
  key: string,
  told: { bytes: number; sha256: string },
): Promise<Comparison> {
  const known = await storage.stat(key);
  if (known === null) return "missing";
  if (known.bytes !== told.bytes || (known.sha256 !== null && known.sha256 !== told.sha256)) return "other";
  const stored = await storage.read(key, {}, { unchecked: true });
  const hash = createHash("sha256");
  for await (const chunk of stored?.body ?? []) hash.update(chunk);
  return hash.digest("hex") === told.sha256 ? "same" : "other";
}
