/** Who speaks through the door, as the brokers know it. */
export interface AttemptCaller {
  readonly taskId: string;
  readonly accountId: string;
  readonly epoch: number;
}

/** Tells when an attempt is over, so that what still streams for it is cut in the middle. */
export interface Fence {
  /** Aborts when the attempt is fenced or its task has ended; `release` when nothing streams any more. */
  watch(caller: AttemptCaller): { readonly signal: AbortSignal; release(): void };
}
