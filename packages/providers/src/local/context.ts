import type { Clock, Logger } from "@agency/core";
import type { FoundTree } from "./cgroup/find-tree.ts";
import type { HostRoot } from "./host-root.ts";
import type { LocalRuntime, SandboxUids } from "./options.ts";
import type { Tools } from "./tools.ts";

/** What every operation of the provider works with. */
export interface LocalContext {
  readonly home: string;
  readonly doorDir: string;
  readonly installId: string;
  readonly runtime: LocalRuntime;
  readonly readOnlyPaths: readonly string[];
  readonly readWritePaths: readonly string[];
  /** Null when the server is an ordinary user: then sandboxes run as that user. */
  readonly uids: SandboxUids | null;
  readonly searchPath: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** These are looked for once; `fresh` looks again. */
  readonly tools: (how?: "fresh") => Promise<Tools>;
  readonly hostRoot: () => Promise<HostRoot>;
  readonly inherited: () => Promise<readonly number[]>;
  readonly cgroups: (how?: "fresh") => Promise<FoundTree>;
  readonly ownFiles: () => Promise<OwnFiles>;
}

/** What bwrap reads over descriptors. */
export interface OwnFiles {
  readonly seccomp: string;
  /** Path inside → path on the host. */
  readonly files: Readonly<Record<string, string>>;
}
