import { describe, expect, it } from "vitest";
import { statusText } from "./refuse-request.ts";

describe("the status line of a refusal", () => {
  it("holds the first sentence", () => {
    expect(statusText("a.com:443 is closed (allow: b.com). Start the task with more.")).toBe(
      "a.com:443 is closed (allow: b.com)",
    );
    expect(statusText("Closed.")).toBe("Closed");
  });

  it("is short and never two lines", () => {
    expect(statusText("x".repeat(500))).toHaveLength(120);
    expect(statusText("a\r\nset-cookie: b\0ü")).toBe("a??set-cookie: b??");
  });
});
