import { describe, expect, it } from "vitest";
import { budgetPeriods } from "./periods.ts";

describe("the periods of a budget", () => {
  it.each([
    ["2026-11-21T10:00:00Z", "2026-11-21", "2026-11-22", "2026-11", "2026-12-01"],
    ["2026-12-31T23:59:59.999Z", "2026-12-31", "2027-01-01", "2026-12", "2027-01-01"],
    ["2028-02-29T00:00:00Z", "2028-02-29", "2028-03-01", "2028-02", "2028-03-01"],
  ])("are those of UTC: %s", (now, day, nextDay, month, nextMonth) => {
    expect(budgetPeriods(Date.parse(now))).toEqual({
      day: { name: day, resetsAt: Date.parse(nextDay) },
      month: { name: month, resetsAt: Date.parse(nextMonth) },
    });
  });
});
