import { AgencyError, ERROR_CODES } from "@agency/contract";
import type { ErrorCode } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { echo, toRefusal } from "./problem.ts";
import { expectProblem } from "./testing/test-api.ts";

describe("an error as a problem", () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])("has the status of %s", (code) => {
    const { body, status, headers } = toRefusal(new AgencyError(code, "It failed."), "request-1");
    expect(status).toBe(ERROR_CODES[code]);
    expect(expectProblem(body, status, headers["content-type"] ?? "")).toMatchObject({
      code,
      requestId: "request-1",
    });
  });

  it("keeps the next step, the fields and the time to wait", () => {
    const error = new AgencyError("unavailable", "Not now.", {
      next: "Try later.",
      retryAfterMs: 1_200,
      errors: [{ path: "a", message: "is odd" }],
    });
    const { body, headers } = toRefusal(error, "request-1");
    expect(body).toMatchObject({ title: "Unavailable", next: "Try later.", errors: error.errors });
    expect(headers["retry-after"]).toBe("2");
  });

  it.each([
    new Error("SELECT * FROM secrets"),
    new TypeError("x is not a function"),
    "a string",
    null,
    { code: "x" },
  ])("says nothing of what nobody expected", (error) => {
    const { body, status } = toRefusal(error, "request-1");
    expect(status).toBe(500);
    expect(body).toEqual({
      type: "urn:agency:problem:internal",
      title: "Internal",
      status: 500,
      code: "internal",
      detail: "Something went wrong inside Agency.",
      next: "Look for request request-1 in the server log.",
      requestId: "request-1",
    });
  });

  it("treats a code it does not know as its own failure", () => {
    const error = Object.assign(new Error("x"), { name: "AgencyError", code: "toString" });
    expect(toRefusal(error, "request-1").status).toBe(500);
  });
});

describe("what is said back", () => {
  it("is short, well-formed and without control characters", () => {
    expect(echo("a\u0000b\u001b[31m\ud800")).toBe("a\ufffdb\ufffd[31m\ufffd");
    expect(echo("x".repeat(1000))).toHaveLength(301);
  });
});
