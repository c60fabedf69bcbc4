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
  /** When it ended: the day and the month it counts for. */
  readonly at: number;
}

export interface Reservation {
  readonly id: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly vendor: string;
  readonly model: string;
  /** The most the call can come to. */
  readonly usd: number;
  /** What its input alone comes to: charged when nobody is left to tell what it used. */
  readonly inputUsd: number;
  readonly at: number;
}

export interface LeftReservation extends Reservation {
  readonly accountId: string;
}

/** What stands against a reservation. */
export interface BudgetRefusal {
  readonly ok: false;
  readonly scope: "task" | "tree" | "day" | "month";
  /** Whose cap it is: the id of the task, of the tree's uppermost task, or of the account. */
  readonly owner: string;
  readonly capUsd: number;
  readonly spentUsd: number;
  /** Only calls under way stand in the way: it can be asked again when they are over. */
  readonly onlyReserved: boolean;
  /** When the scope starts again from nothing; null for a task and a tree. */
  readonly resetsAt: number | null;
}

export type ReserveOutcome =
  | { readonly ok: true }
  | BudgetRefusal
  /** A newer attempt has taken over, or the task is deleted. */
  | { readonly ok: false; readonly scope: "fenced" };

export interface ComputeCharge {
  readonly id: string;
  readonly accountId: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly provider: string;
  /** When the attempt began. */
  readonly sinceMs: number;
  /** From the beginning of the attempt up to here has been charged; never goes back, never counts twice. */
  readonly untilMs: number;
  readonly usdPerHour: number;
}

export interface AccountCaps {
  readonly dayUsd?: number | null | undefined;
  readonly monthUsd?: number | null | undefined;
}

export interface AccountSpending {
  readonly dayCapUsd: number | null;
  readonly daySpentUsd: number;
  readonly monthCapUsd: number | null;
  readonly monthSpentUsd: number;
}

export interface CostStore {
  /** All caps of the task at once, atomically, across processes: the task's, its trees', its account's. */
  reserve(reservation: Reservation): Promise<ReserveOutcome>;
  /** Again is harmless. */
  release(reservationId: string): Promise<void>;
  /** Made before `cutoff` and still there, oldest first: their processes died. */
  leftBefore(cutoff: number, limit: number): Promise<LeftReservation[]>;
  /** One transaction: billing row, the task's totals, every scope's, the `usage` event. The same key never counts twice. */
  record(call: PricedCall): Promise<void>;
  /** The same for computing time. Says what the task has cost by now; null when it is deleted or nothing was left to charge. */
  charge(charge: ComputeCharge): Promise<number | null>;
  accountBudget(accountId: string, now: number): Promise<AccountSpending>;
  /** What is not named stays. */
  setAccountBudget(accountId: string, caps: AccountCaps): Promise<void>;
  /** Ids of the account's tasks that wait for budget. */
  waitingForBudget(accountId: string): Promise<string[]>;
}
