import { AgencyError } from "@agency/contract";
import type { BlobRow } from "@agency/core";

/** What retention had, or storage lost, is an answer of its own: nobody has to guess what an absence means. */
export function goneError(
  what: string,
  { expiredAt, missingSince }: Pick<BlobRow, "expiredAt" | "missingSince">,
): AgencyError | null {
  if (expiredAt !== undefined) return expiredError(what, new Date(expiredAt).toISOString());
  if (missingSince === undefined) return null;
  return new AgencyError(
    "upstream_failed",
    `${what} disappeared from the storage; that was noticed at ${new Date(missingSince).toISOString()}.`,
    { next: "Restore it from a backup of the storage." },
  );
}

export function expiredError(what: string, since: string): AgencyError {
  return new AgencyError("expired", `${what} is no longer kept since ${since}.`, {
    next: "See what is kept for how long with `agency retention`.",
  });
}
