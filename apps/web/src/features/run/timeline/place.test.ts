import { describe, expect, it } from "vitest";
import { placeOf } from "./place.ts";

describe("the place of an event", () => {
  it("is the row that began at or before it", () => {
    const rows = [{ seq: 2 }, { seq: 5 }, { seq: 9 }];
    expect([1, 2, 4, 5, 100].map((seq) => placeOf(rows, seq))).toEqual([null, 0, 0, 1, 2]);
    expect(placeOf([], 1)).toBeNull();
  });
});
