import type { ModelUsage } from "./model-gate.ts";

export interface PricedCall {
  readonly id: string;
  readonly accountId: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly vendor: string;
  readonly model: string;
  readonly key: string;
  readonly usage: ModelUsage;
  readonly costUsd: number;
  /** The model is not in the price table: priced as the most expensive one that is. */
  readonly estimated: boolean;
  readonly partial: boolean;
  readonly status: number;
  readonly durationMs: number;
}

export interface Reservation {
  readonly id: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly usd: number;
  readonly at: number;
}

/** What stands against a reservation. */
export type BudgetRefusal = {
  readonly ok: false;
  /** task, tree, day or month. */
  readonly scope: "task" | "tree" | "day" | "month";
  readonly capUsd: number;
  readonly spentUsd: number;
  /** Only calls under way stand in the way: it can be asked again when they are over. */
  readonly onlyReserved: boolean;
  /** When the scope starts again from nothing; null for a task and a tree. */
  readonly resetsAt: number | null;
};

export interface ComputeCharge {
  readonly id: string;
  readonly accountId: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly provider: string;
  /** From the beginning of the attempt up to here has been charged; never goes back, never counts twice. */
  readonly untilMs: number;
  readonly usdPerHour: number;
}

export interface CostStore {
  /** All caps of the task at once, atomically, across processes: the task's, its trees', its account's. */
  reserve(reservation: Reservation): Promise<{ readonly ok: true } | BudgetRefusal>;
  release(reservationId: string): Promise<void>;
  /** Left behind by processes that died before `cutoff`; they are released and returned, to be recorded as lost calls. */
  takeStale(cutoff: number, limit: number): Promise<Reservation[]>;
  /** One transaction: billing row, the task's totals, every scope's, the `usage` event. The same key never counts twice. */
  record(call: PricedCall): Promise<void>;
  charge(charge: ComputeCharge): Promise<void>;
  accountBudget(
    accountId: string,
    now: number,
  ): Promise<{
    dayCapUsd: number | null;
    daySpentUsd: number;
    monthCapUsd: number | null;
    monthSpentUsd: number;
  }>;
  setAccountBudget(
    accountId: string,
    caps: { dayUsd?: number | null | undefined; monthUsd?: number | null | undefined },
  ): Promise<void>;
}
