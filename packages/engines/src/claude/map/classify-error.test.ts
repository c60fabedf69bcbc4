import { describe, expect, it } from "vitest";
import { classify, errorEvent } from "./classify-error.ts";
import type { FailureSigns } from "./classify-error.ts";

const cases: [FailureSigns, string][] = [
  [{ message: "", httpStatus: 401 }, "auth"],
  [{ message: "", httpStatus: 403 }, "auth"],
  [{ message: "", httpStatus: 402 }, "billing"],
  [{ message: "", httpStatus: 400, apiError: "billing_error" }, "billing"],
  [
    { message: "", httpStatus: 400, apiError: "invalid_request", terminalReason: "prompt_too_long" },
    "context_too_long",
  ],
  [{ message: "", httpStatus: 400, apiError: "invalid_request", terminalReason: "api_error" }, "bad_request"],
  [{ message: "", httpStatus: 404, apiError: "model_not_found" }, "config"],
  [{ message: "", httpStatus: 413 }, "context_too_long"],
  [{ message: "", httpStatus: 429, apiError: "rate_limit" }, "rate_limit"],
  [{ message: "", httpStatus: 500, apiError: "server_error" }, "overloaded"],
  [{ message: "", httpStatus: 529, apiError: "overloaded" }, "overloaded"],
  [{ message: "", httpStatus: 504 }, "timeout"],
  [{ message: "Request timed out", apiError: "unknown" }, "timeout"],
  [{ message: "connect ECONNREFUSED 127.0.0.1:9" }, "network"],
  [{ message: "No conversation found with session ID: x" }, "resume_not_found"],
  [{ message: "write ENOSPC" }, "disk_full"],
  [{ message: "", terminalReason: "malformed_tool_use_exhausted" }, "engine_protocol"],
  [{ message: "who knows" }, "unknown"],
];

describe("classify", () => {
  it.each(cases)("%j is %s", (signs, errorClass) => {
    expect(classify(signs)).toBe(errorClass);
  });

  it("advises to try again only where that can help", () => {
    expect(errorEvent("overloaded", "x").data).toMatchObject({
      retryable: true,
      recovery: expect.any(String),
    });
    expect(errorEvent("auth", "x").data).toMatchObject({ retryable: false });
  });
});
