import { describe, expect, it } from "vitest";
import { createReadingLanes } from "./reading-lanes.ts";

const busy = expect.objectContaining({ code: "too_many_requests", retryAfterMs: 1000 });

describe("lanes for reading", () => {
  it("are so many for an account, who takes none of another's, and so many in all", () => {
    const enter = createReadingLanes({ account: 2, all: 3 }, "files");
    const leave = enter("a");
    enter("a");
    expect(() => enter("a")).toThrow(busy);
    enter("b");
    expect(() => enter("c")).toThrow(busy);
    leave();
    enter("c");
  });

  it("are given back once, however often it is said", () => {
    const enter = createReadingLanes({ account: 2, all: 2 }, "files");
    const leave = enter("a");
    enter("a");
    leave();
    leave();
    enter("a");
    expect(() => enter("a")).toThrow(busy);
  });
});
