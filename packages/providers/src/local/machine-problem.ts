import { ProviderError } from "@agency/core";
import type { ProviderFailure } from "@agency/core";

/** What is wrong and what to do about it, kept apart for the doctor, which prints them apart. */
export class MachineProblem extends ProviderError {
  readonly what: string;
  readonly fix: string;

  constructor(kind: ProviderFailure, what: string, fix: string, cause?: unknown) {
    super(kind, `${what}: ${fix}`, cause === undefined ? {} : { cause });
    this.what = what;
    this.fix = fix;
  }
}
