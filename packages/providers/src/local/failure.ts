import { ProviderError } from "@agency/core";
import type { ProviderFailure } from "@agency/core";
import { codeOf } from "./records.ts";

const KINDS: Readonly<Record<string, ProviderFailure>> = {
  ENOSPC: "capacity",
  EDQUOT: "capacity",
  EMFILE: "capacity",
  ENFILE: "capacity",
  EAGAIN: "capacity",
  EACCES: "unavailable",
  EPERM: "unavailable",
  EROFS: "unavailable",
};
const STEPS: Partial<Record<ProviderFailure, string>> = {
  capacity: "free some disk space or end other work on this machine",
  unavailable: "give the server's user the right to write there",
};

/** Runs one operation of the provider: whatever goes wrong leaves it as a ProviderError. */
export async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toProviderError(what, error);
  }
}

export function toProviderError(what: string, error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const kind = KINDS[codeOf(error) ?? ""] ?? "transient";
  const message = error instanceof Error ? error.message : String(error);
  return new ProviderError(kind, `${what}: ${message}: ${STEPS[kind] ?? "try again"}`, { cause: error });
}
