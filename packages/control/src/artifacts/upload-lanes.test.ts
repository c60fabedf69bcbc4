import { describe, expect, it } from "vitest";
import { createUploadLanes } from "./upload-lanes.ts";

const busy = { code: "too_many_requests", retryAfterMs: 1000 };

describe("lanes for uploads", () => {
  it("are so many for each sender, who takes none of another's", () => {
    const lanes = createUploadLanes({ each: 2, account: 2, all: 9 });
    const leave = lanes.enter("a");
    lanes.enter("a");
    expect(() => lanes.enter("a")).toThrow(expect.objectContaining(busy));
    lanes.enter("b");
    leave();
    lanes.enter("a");
    expect(() => lanes.enter("a")).toThrow(expect.objectContaining(busy));
  });

  it("are so many for all attempts of an account, who take none of another's", () => {
    const lanes = createUploadLanes({ each: 2, account: 3, all: 9 });
    const leave = lanes.enter("a", "one");
    lanes.enter("b", "one");
    lanes.enter("c", "one");
    expect(() => lanes.enter("d", "one")).toThrow(expect.objectContaining(busy));
    lanes.enter("e", "other");
    leave();
    lanes.enter("d", "one");
    expect(() => lanes.enter("a", "one")).toThrow(expect.objectContaining(busy));
  });

  it("are so many in all", () => {
    const lanes = createUploadLanes({ each: 2, account: 2, all: 3 });
    const leave = ["a", "b", "c"].map((sender) => lanes.enter(sender));
    expect(() => lanes.enter("d")).toThrow(expect.objectContaining(busy));
    leave[0]?.();
    lanes.enter("d");
  });
});
