import { AgencyError } from "@agency/contract";
import type { ErrorCode } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { mayPass, pauseAfter } from "./try-again.ts";

const failure = (code: ErrorCode, options = {}) => new AgencyError(code, "no", options);

describe("whether something is asked for again by itself", () => {
  it("is so with growing pauses when the network or the server failed", () => {
    for (const code of ["unavailable", "internal", "upstream_failed"] as const) {
      const pauses = [1, 2, 3, 4, 5, 6, 20].map((failures) => pauseAfter(failure(code), failures));
      expect(pauses).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    }
  });

  it("is never so for what nobody asking again can cure", () => {
    for (const code of ["forbidden", "not_found", "invalid_request", "expired", "unauthenticated"] as const)
      expect([mayPass(failure(code)), pauseAfter(failure(code), 1)]).toEqual([false, null]);
    expect(pauseAfter(new RangeError("of the page itself"), 1)).toBeNull();
    expect(pauseAfter(failure("upstream_failed", { cause: new Error("no such field") }), 1)).toBeNull();
  });

  it("waits as long as the server said", () => {
    const busy = failure("too_many_requests", { retryAfterMs: 90_000 });
    expect(pauseAfter(busy, 1)).toBe(90_000);
    expect(pauseAfter(failure("too_many_requests", { retryAfterMs: 1000 }), 3)).toBe(8000);
  });
});
