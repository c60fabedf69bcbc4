import { describe, expect, it } from "vitest";
import { readCap } from "./read-cap.ts";

describe("a cap as it is typed", () => {
  it.each([
    ["", null],
    ["  ", null],
    ["20", 20],
    ["$1,250.50", 1250.5],
  ])("%j is %s", (text, usd) => {
    expect(readCap(text)).toEqual({ usd });
  });

  it.each(["0", "-1", "many", "1e9", "Infinity"])("%j is refused", (text) => {
    expect(readCap(text).problem).toBeDefined();
  });
});
