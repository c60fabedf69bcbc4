import type { SandboxSpec } from "@agency/core";
import type { Preparation } from "./preparation.ts";
import type { SandboxRecord } from "./records.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";

/** Everything known of a sandbox before its first file is written. */
export interface Draft {
  readonly spec: SandboxSpec;
  readonly folder: SandboxFolder;
  readonly record: SandboxRecord;
  readonly preparation: Preparation;
}
