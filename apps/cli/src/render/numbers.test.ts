import { describe, expect, it } from "vitest";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatLimit,
  formatUsd,
  lineCounts,
} from "./numbers.ts";

describe("numbers for people", () => {
  it.each([
    [0, "0s"],
    [420, "0.4s"],
    [9_000, "9s"],
    [59_900, "59s"],
    [65_000, "1m 05s"],
    [7_380_000, "2h 03m"],
    [277_200_000, "3d 5h"],
  ])("%i ms is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    [14_400_000, "4h"],
    [84_600_000, "23h 30m"],
    [1_200_000, "20m"],
    [5_400_000, "1h 30m"],
  ])("a limit of %i ms is %s", (ms, text) => expect(formatLimit(ms)).toBe(text));

  it.each([
    [5_000, "5s"],
    [119_000, "1m"],
    [3_600_000, "1h"],
    [90_000_000, "1d"],
    [-5, "0s"],
  ])("%i ms ago is %s", (ms, text) => expect(formatAge(ms)).toBe(text));

  it.each([
    [0, "$0.00"],
    [0.00001, "<$0.0001"],
    [0.0042, "$0.0042"],
    [0.421, "$0.42"],
    [10, "$10.00"],
  ])("%f dollars are %s", (usd, text) => expect(formatUsd(usd)).toBe(text));

  it("shortens counts and bytes", () => {
    expect([formatCount(9_999), formatCount(12_345), formatCount(1_250_000)]).toEqual([
      "9999",
      "12.3k",
      "1.3M",
    ]);
    expect([formatBytes(12), formatBytes(2048), formatBytes(5_000_000)]).toEqual([
      "12 B",
      "2.0 kB",
      "4.8 MB",
    ]);
  });

  it("leaves out line counts that say nothing", () => {
    expect([lineCounts(3, 1), lineCounts(3, 0), lineCounts(null, 2), lineCounts(0, undefined)]).toEqual([
      "+3 −1",
      "+3",
      "−2",
      "",
    ]);
  });
});
