import { describe, expect, it } from "vitest";
import { ago, bytes, duration, money, plural } from "./format.ts";

describe("figures for people", () => {
  it("says durations in two units at most", () => {
    const said = [40, 4_000, 200_000, 7_500_000, 273_600_000].map(duration);
    expect(said).toEqual(["40ms", "4s", "3m 20s", "2h 05m", "3d 4h"]);
    expect(duration(-5)).toBe("0ms");
  });

  it("keeps the digits of small sums", () => {
    expect([0, 0.0042, 0.05, 12.345].map(money)).toEqual(["$0.00", "$0.0042", "$0.05", "$12.35"]);
  });

  it("counts bytes in powers of 1024", () => {
    expect([0, 1023, 1024, 20 * 1024, 5 * 1024 ** 3].map(bytes)).toEqual([
      "0 B",
      "1023 B",
      "1.0 KiB",
      "20 KiB",
      "5.0 GiB",
    ]);
  });

  it("says how long ago something was, and counts in the right number", () => {
    expect([2_000, 30_000, 120_000, 7_200_000, 200_000_000].map((ms) => ago(0, ms))).toEqual([
      "just now",
      "30s ago",
      "2m ago",
      "2h ago",
      "2d ago",
    ]);
    expect([plural(1, "run"), plural(1200, "run")]).toEqual(["1 run", "1,200 runs"]);
  });
});
