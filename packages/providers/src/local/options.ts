import type { Clock, Logger } from "@agency/core";

/** Unprivileged users for the sandboxes of a server that runs as root: one each, never shared. */
export interface SandboxUids {
  readonly first: number;
  readonly count: number;
  /** One folder for the whole machine, because every installation on it draws from the same numbers. */
  readonly claims: string;
}

export interface LocalRuntime {
  readonly nodePath: string;
  readonly runnerPath: string;
  /** Engine name → program on this machine, mounted at /opt/agency/engines/<name>. */
  readonly enginePaths: Readonly<Record<string, string>>;
}

export interface LocalProviderOptions {
  /** Base folder of the sandboxes. Staged programs lie beside it, in `../runtime`. */
  readonly home: string;
  /** Host folder with the uplink's unix sockets, seen inside at /run/agency/door. */
  readonly doorDir: string;
  readonly installId: string;
  readonly runtime: LocalRuntime;
  /** Further host paths, seen inside under the same name. */
  readonly readOnlyPaths: readonly string[];
  readonly readWritePaths: readonly string[];
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly sandboxUids?: SandboxUids;
  /** Where bwrap, setpriv, prlimit and the like are looked for. */
  readonly searchPath?: string;
}

export const DEFAULT_UIDS: SandboxUids = { first: 66_000, count: 1000, claims: "/run/agency/uids" };
export const DEFAULT_SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
