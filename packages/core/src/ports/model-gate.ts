/** What one model response used, as the vendor's own response says it. */
export interface ModelUsage {
  input: number;
  output: number;
  cacheRead: number;
  /** All cache writes; `cacheWrite1h` of them are kept for an hour and cost more. */
  cacheWrite: number;
  cacheWrite1h?: number;
  /** Searches the vendor ran itself during the call; they are billed one by one. */
  webSearches?: number;
  /** Served in the vendor's faster, dearer mode. */
  fast?: boolean;
  /** Served in the United States only, at a surcharge. */
  usOnly?: boolean;
}

/** Who holds a placeholder. An attempt that was fenced holds nothing. */
export interface ModelCaller {
  readonly taskId: string;
  readonly accountId: string;
  readonly epoch: number;
  readonly demo: boolean;
}

export interface ModelRequestFacts {
  readonly vendor: string;
  readonly model: string;
  /** The most output tokens this call may produce. */
  readonly maxTokens: number;
}

export interface ModelCall {
  /** The vendor's message id. The same key never counts twice. */
  readonly key: string;
  readonly vendor: string;
  readonly model: string;
  readonly usage: ModelUsage;
  /** HTTP status the engine was given; 499 when it went away before there was one. */
  readonly status: number;
  readonly durationMs: number;
  /** The response was cut: usage is what had been seen until then, output at least what was streamed. */
  readonly partial: boolean;
}

export type ModelAdmission = { ok: true } | { ok: false; status: number; type: string; message: string };

/**
 * What the broker asks the control plane about model calls. A rejection of authorize or admit means
 * "cannot say", and the call is not made.
 */
export interface ModelGate {
  /** Exact match only. `fenced`: a newer attempt of the task has taken over, or the task has ended. */
  authorize(placeholder: string): Promise<ModelCaller | { refused: "unknown" | "fenced" }>;
  /** Asked once before each billed call; `type` and `message` reach the engine in the vendor's error shape. */
  admit(caller: ModelCaller, request: ModelRequestFacts): Promise<ModelAdmission>;
  /**
   * Told once for each admitted call, and again with the same key when it rejected. It has resolved
   * before the engine can see the end of the response, so that the next admit knows of it.
   */
  record(caller: ModelCaller, call: ModelCall): Promise<void>;
}
