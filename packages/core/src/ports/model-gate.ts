import type { WaitReason } from "@agency/contract";

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
  /** When a credential is used up: go on with the next one, or not. */
  readonly onUsageLimit: "next" | "wait" | "stop";
  /** The task's network is not the whole internet, so the vendor may fetch nothing for it either. */
  readonly strictEgress: boolean;
  /** It waits, and its calls wait with it. */
  readonly hold?: { readonly reason: WaitReason; readonly until: number | null };
}

export interface ModelRequestFacts {
  readonly vendor: string;
  readonly model: string;
  /** The most output tokens this call may produce. */
  readonly maxTokens: number;
  /** Size of the request: the most its input can come to is reckoned from it. */
  readonly inputBytes: number;
  /** More input than the request holds: what the vendor looks up or has kept. */
  readonly unseenInput?: boolean;
  /** The dearer ways to be served that it asks for. */
  readonly mode?: Pick<ModelUsage, "fast" | "usOnly">;
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

export type ModelAdmission =
  | {
      readonly ok: true;
      /** Money set aside for this call, until it is settled. */ readonly reservation: string;
    }
  /** Not now: the caller keeps its request and asks again, after `retryMs` or when it is told to proceed. */
  | {
      readonly ok: false;
      readonly hold: WaitReason | "busy";
      readonly retryMs: number;
      readonly message: string;
    }
  | { readonly ok: false; readonly status: number; readonly type: string; readonly message: string };

export interface UsageLimit {
  readonly vendor: string;
  /** Names of the credentials tried, each used up. */
  readonly credentials: readonly string[];
  /** When the first of them can be used again. */
  readonly until: number;
}

/**
 * What the broker asks the control plane about model calls. A rejection of authorize or admit means
 * "cannot say", and the call is not made.
 */
export interface ModelGate {
  /** Exact match only. `fenced`: a newer attempt of the task has taken over, or the task has ended. */
  authorize(vendor: string, placeholder: string): Promise<ModelCaller | { refused: "unknown" | "fenced" }>;
  /** Asked once before each billed call; `type` and `message` reach the engine in the vendor's error shape. */
  admit(caller: ModelCaller, request: ModelRequestFacts): Promise<ModelAdmission>;
  /**
   * Told what an admitted call used, again with the same key when it rejected. It has resolved before the engine
   * can see the end of the response, so that the next admit knows of it.
   */
  record(caller: ModelCaller, call: ModelCall): Promise<void>;
  /** The admitted call is over and everything it used is recorded: what was set aside is free again. */
  settle(caller: ModelCaller, reservation: string): Promise<void>;
  /** Every credential the task may use is used up: it waits for the reset, or fails, as it was asked to. */
  usedUp(caller: ModelCaller, limit: UsageLimit): Promise<void>;
  /** One credential is used up, or refused by the vendor (no `until`), and the next one takes over. For the task's log. */
  changedCredential(
    caller: ModelCaller,
    failed: Omit<UsageLimit, "until"> & { readonly until: number | null },
    next: string,
  ): Promise<void>;
}
