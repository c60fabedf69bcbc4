export interface PricedCall {
  readonly id: string;
  readonly accountId: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly vendor: string;
  readonly model: string;
  readonly key: string;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly costUsd: number;
  readonly status: number;
  readonly durationMs: number;
}

export interface CostStore {
  /** One transaction: billing row, the task's totals, the `usage` event. The same key never counts twice. */
  record(call: PricedCall): Promise<void>;
}
