import { describe, expect, it } from "vitest";
import { fault, faultForAttempt } from "./fault.ts";

describe("faultForAttempt", () => {
  it("spoils every attempt when the fault has no limit", () => {
    expect(faultForAttempt(fault.status(401), 0)?.kind).toBe("status");
    expect(faultForAttempt(fault.status(401), 99)?.kind).toBe("status");
  });

  it("lets faults follow each other and then leaves the step alone", () => {
    const faults = [fault.status(529, { times: 2 }), fault.cutMidStream({ times: 1 })];
    const kinds = [0, 1, 2, 3].map((attempt) => faultForAttempt(faults, attempt)?.kind);
    expect(kinds).toEqual(["status", "status", "cutMidStream", undefined]);
  });

  it("finds none among none", () => {
    expect(faultForAttempt([], 0)).toBeUndefined();
  });
});
