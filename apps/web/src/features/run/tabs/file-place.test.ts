import type { Checkpoint } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { newestOf, placeOf } from "./file-place.ts";

const checkpoints = [3, 1, 2].map((number) => ({ number })) as unknown as Checkpoint[];

describe("whose files are shown", () => {
  it("are those that were chosen, kept or not", () => {
    expect(placeOf(2, true, checkpoints)).toEqual({ at: 2 });
    expect(placeOf(9, false, checkpoints)).toEqual({ at: 9 });
  });

  it("are those of the newest checkpoint while the run goes on, and of its end after it", () => {
    expect(placeOf(undefined, false, checkpoints)).toEqual({ at: 3 });
    expect(placeOf(undefined, true, checkpoints)).toEqual({ at: "end" });
    expect(placeOf(undefined, false, [])).toBeNull();
    expect(newestOf([])).toBeNull();
  });
});
