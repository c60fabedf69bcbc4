import { describe, expect, it } from "vitest";
import { callId, placeOfCall, printPlace } from "./place.ts";

describe("call ids", () => {
  it("carry the place of a step and of a detour's step", () => {
    expect(placeOfCall(callId("demo", { step: 12 }, 3, "00ab"), "demo")).toEqual({ step: 12 });
    expect(placeOfCall(callId("my-run", { step: 2, detour: 1 }, 0, "00ab"), "my-run")).toEqual({
      step: 2,
      detour: 1,
    });
    expect(printPlace({ step: 2, detour: 1 })).toBe("2r1");
  });

  it("of another script or another model mean nothing", () => {
    expect(placeOfCall(callId("demo", { step: 1 }, 0, "00ab"), "other")).toBeUndefined();
    expect(placeOfCall("01A09q90qw90lq917835lq9", "demo")).toBeUndefined();
    expect(placeOfCall("demo_x_0_00ab", "demo")).toBeUndefined();
  });
});
