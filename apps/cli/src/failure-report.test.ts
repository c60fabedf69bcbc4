import { AgencyError } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { renderFailure, toFailure } from "./failure-report.ts";
import { createStyle } from "./render/style.ts";

describe("a request that is refused", () => {
  it("says each thing that is wrong with it once", () => {
    const first = { path: "ms", message: "must be at most 7 days" };
    const second = { path: "name", message: "is too long" };
    const told = (...errors: (typeof first)[]) => {
      const error = new AgencyError("invalid_request", "ms must be at most 7 days.", { errors });
      return renderFailure(toFailure(error), createStyle(false));
    };
    expect(told(first)).toEqual(["agency: ms must be at most 7 days."]);
    expect(told(first, second)).toEqual(["agency: ms must be at most 7 days.", "  name: is too long"]);
  });
});
