import { isoInstant } from "../task/iso-instant.ts";

export interface BudgetPeriod {
  /** `2026-11-21` for a day, `2026-11` for a month. */
  readonly name: string;
  readonly resetsAt: number;
}

const DAY_MS = 86_400_000;

/** The day and the month an amount counts for: those of UTC, wherever the server stands. */
export function budgetPeriods(now: number): { day: BudgetPeriod; month: BudgetPeriod } {
  const day = dayOf(now);
  const month = monthOf(now);
  const tomorrow = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  let nextMonth = tomorrow;
  while (monthOf(nextMonth) === month) nextMonth += DAY_MS;
  return { day: { name: day, resetsAt: tomorrow }, month: { name: month, resetsAt: nextMonth } };
}

function dayOf(at: number): string {
  return isoInstant(at).slice(0, 10);
}

function monthOf(at: number): string {
  return isoInstant(at).slice(0, 7);
}
