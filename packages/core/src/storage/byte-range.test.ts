import { describe, expect, it } from "vitest";
import { rangeWithin } from "./byte-range.ts";

describe("rangeWithin", () => {
  it.each([
    [{}, 10, { from: 0, to: 10 }],
    [{ from: 3 }, 10, { from: 3, to: 10 }],
    [{ to: 3 }, 10, { from: 0, to: 3 }],
    [{ from: 3, to: 99 }, 10, { from: 3, to: 10 }],
    [{ from: 99 }, 10, { from: 10, to: 10 }],
    [{ from: 4, to: 4 }, 10, { from: 4, to: 4 }],
    [{}, 0, { from: 0, to: 0 }],
  ])("cuts %j of %i bytes to what there is", (range, bytes, expected) => {
    expect(rangeWithin(range, bytes)).toEqual(expected);
  });

  it.each([{ from: -1 }, { to: -1 }, { from: 0.5 }, { from: Number.NaN }, { from: 5, to: 4 }])(
    "takes %j for no range",
    (range) => {
      expect(rangeWithin(range, 10)).toBeNull();
    },
  );
});
