import { describe, expect, it } from "vitest";
import { readRange } from "./byte-range.ts";

describe("a range of ten bytes", () => {
  it.each([
    ["bytes=0-", 0, 10],
    ["bytes=3-", 3, 10],
    ["bytes=3-3", 3, 4],
    ["bytes=3-99", 3, 10],
    ["bytes=-4", 6, 10],
    ["bytes=-99", 0, 10],
  ])("%s is from %i up to %i", (header, from, to) => {
    expect(readRange(header, 10)).toEqual({ from, to });
  });

  it.each(["bytes=10-", "bytes=10-12", "bytes=-0"])("%s is behind its end", (header) => {
    expect(readRange(header, 10)).toBe("unsatisfiable");
  });

  it.each([
    undefined,
    "",
    "bytes=",
    "bytes=-",
    "bytes=5-3",
    "bytes=0-1,3-4",
    "lines=1-2",
    "bytes=1e1-",
    "bytes=--1",
  ])("%s is answered with all of it", (header) => {
    expect(readRange(header, 10)).toBeNull();
  });

  it("of nothing at all there is none", () => {
    expect(readRange("bytes=0-", 0)).toBe("unsatisfiable");
    expect(readRange("bytes=-5", 0)).toBe("unsatisfiable");
  });
});
