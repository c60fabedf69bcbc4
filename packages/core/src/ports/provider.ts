import type { Bootstrap, Check } from "@agency/contract";

/** `[a-z0-9-]{1,63}` keys and values: the narrowest label alphabet of all clouds. */
export type Labels = Readonly<Record<string, string>>;

export interface ResourceLimits {
  memoryBytes: number;
  pids: number;
  cpus: number;
  tmpBytes: number;
  /** Largest single file. */
  fileBytes: number;
}

export interface ProviderCapabilities {
  /** exec: we start the runner in it; boot: the runner starts by itself and dials home. */
  readonly start: "exec" | "boot";
  /** hard: the provider ends the sandbox at its deadline; guest: only the runner's own clock does. */
  readonly ttl: "hard" | "guest";
  readonly isolation: "os" | "container" | "vm";
  /** Folders of the server's machine can be mounted: `SandboxSpec.mounts` is honoured. */
  readonly mounts?: boolean;
  /** How each limit is held here, in words a person can read. */
  readonly limits: Readonly<Record<"memory" | "pids" | "cpu" | "disk", string>>;
}

/** A folder of this machine that is given away: the provider takes it, and it goes with the sandbox. */
export interface SandboxMount {
  readonly name: "mirror" | "caches";
  readonly source: string;
  /** Where it is inside. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface SandboxSpec {
  /** From our database, written before the first call to the provider. */
  readonly id: string;
  readonly generation: number;
  readonly labels: Labels;
  readonly deadlineAt: string;
  readonly resources: ResourceLimits;
  readonly bootstrap: Bootstrap;
  /** Only for a provider with that capability. */
  readonly mounts?: readonly SandboxMount[];
}

export interface SandboxRef {
  readonly provider: string;
  readonly nativeId: string;
  readonly data?: Readonly<Record<string, string>>;
}

export type SandboxPhase = "pending" | "running" | "gone";

export interface SandboxObservation {
  readonly ref: SandboxRef;
  readonly phase: SandboxPhase;
  readonly reason?: "exit" | "oom" | "killed" | "unknown";
  readonly exitCode?: number;
  readonly createdAt?: string;
  readonly sandboxId?: string;
  readonly generation?: number;
}

export type ProviderFailure =
  | "auth"
  | "quota"
  | "capacity"
  | "rate-limit"
  | "invalid"
  | "not-found"
  | "conflict"
  | "transient"
  | "unavailable"
  | "unknown-outcome";

/** What every provider throws. The control plane decides on `kind` alone. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly kind: ProviderFailure;
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: ProviderFailure,
    message: string,
    options: { retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export interface ProviderContext {
  readonly signal: AbortSignal;
  /** Called the moment a native id is known, so that a crash leaves nothing we cannot find. */
  readonly onRef: (ref: SandboxRef) => Promise<void>;
}

/** A kind of place to run. Every implementation runs the provider suite of packages/testing. */
export interface Provider {
  readonly id: string;
  readonly title: string;
  capabilities(): Promise<ProviderCapabilities>;
  /** Real checks of this machine or account; never throws. */
  check(signal: AbortSignal): Promise<Check[]>;
  /** Idempotent on (id, generation). Throws ProviderError; never runs in a weaker sandbox than asked. */
  create(spec: SandboxSpec, context: ProviderContext): Promise<SandboxRef>;
  /** A sandbox that is gone is phase `gone`, not an error. */
  observe(ref: SandboxRef, signal: AbortSignal): Promise<SandboxObservation>;
  /** Every sandbox of this installation, or it throws: never a partial list. */
  list(signal: AbortSignal): AsyncIterable<SandboxObservation>;
  /** Idempotent; resolves only when every process is gone. Files stay until `discard`. */
  destroy(ref: SandboxRef, signal: AbortSignal): Promise<void>;
  /** Removes what the sandbox left behind: its workspace and home. Idempotent. */
  discard(ref: SandboxRef, signal: AbortSignal): Promise<void>;
  /** The runner's own output: the place to look when it never said hello. */
  console(ref: SandboxRef, signal: AbortSignal): Promise<string>;
  /** Where a writable mount lies once the sandbox has ended; null when it is not there any more. */
  mounted?(ref: SandboxRef, name: SandboxMount["name"]): string | null;
  /** Where a person finds the workspace afterwards, or null when it cannot be reached. */
  workspace(ref: SandboxRef): string | null;
}
