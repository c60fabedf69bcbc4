export interface BudgetPeriod {
  /** `2026-11-21` for a day, `2026-11` for a month. */
  readonly name: string;
  readonly resetsAt: number;
}

/** The day and the month an amount counts for: those of UTC, wherever the server stands. */
export function budgetPeriods(now: number): { day: BudgetPeriod; month: BudgetPeriod } {
  const date = new Date(now);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const iso = date.toISOString();
  return {
    day: { name: iso.slice(0, 10), resetsAt: Date.UTC(year, month, day + 1) },
    month: { name: iso.slice(0, 7), resetsAt: Date.UTC(year, month + 1, 1) },
  };
}
