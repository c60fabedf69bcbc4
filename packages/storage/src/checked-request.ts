import { AgencyError } from "@agency/contract";
import { rangeWithin, storageKeyProblem, writeOptionsProblem } from "@agency/core";
import type { ByteRange, WriteOptions } from "@agency/core";

const MAX_PAGE = 1000;

export function checkedKey(key: string): string {
  const problem = storageKeyProblem(key);
  if (problem === null) return key;
  throw new AgencyError(
    "invalid_request",
    `The storage key ${JSON.stringify(key.slice(0, 80))} ${problem}.`,
    { next: "Use parts of letters, digits, dot, underscore and dash, joined by slashes." },
  );
}

export function checkedOptions(key: string, options: WriteOptions): WriteOptions {
  const problem = writeOptionsProblem(options);
  if (problem === null) return options;
  throw new AgencyError("invalid_request", `${problem}: "${checkedKey(key)}" was not stored.`);
}

export function checkedRange(key: string, range: ByteRange, bytes: number): { from: number; to: number } {
  const within = rangeWithin(range, bytes);
  if (within !== null) return within;
  throw new AgencyError("invalid_request", `The range of bytes asked of "${key}" is none.`, {
    next: "Ask for whole numbers from 0, the first not above the last.",
  });
}

export interface Page {
  after: string | null;
  limit: number;
}

export function checkedPage(page: { after?: string | undefined; limit?: number | undefined }): Page {
  const { after, limit = MAX_PAGE } = page;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_PAGE)
    throw new AgencyError("invalid_request", `A page holds from 1 to ${MAX_PAGE} objects, not ${limit}.`);
  return { after: after === undefined ? null : checkedKey(after), limit };
}
